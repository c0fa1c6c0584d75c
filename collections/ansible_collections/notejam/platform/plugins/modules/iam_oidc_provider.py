#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_oidc_provider
version_added: 0.1.0
short_description: Manage an OpenID Connect provider that IAM trusts
description:
  - Keeps an OpenID Connect provider with its audiences and tags, so that roles can trust its tokens.
  - Gives no certificate thumbprints. AWS trusts issuers by its own store of certificate authorities, see
    U(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html).
author:
  - Notejam platform contributors (@notejam)
options:
  url:
    description:
      - The issuer's URL, with C(https://). It tells one provider of an account from another.
    type: str
    required: true
  client_ids:
    description:
      - The audiences whose tokens are accepted, in any order. Left out, they stay as they are.
    type: list
    elements: str
  keep_trusted:
    description:
      - Whether the provider stays, with O(state=absent), as long as a role trusts it. An account has one for
        an issuer, and several environments may share the account.
    type: bool
    default: false
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Trust GitHub's workflows
  notejam.platform.iam_oidc_provider:
    url: https://token.actions.githubusercontent.com
    client_ids: [sts.amazonaws.com]
"""

RETURN = r"""
kept:
  description: Why the provider was not deleted, because of O(keep_trusted).
  returned: when it stays
  type: str
oidc_provider:
  description: The provider; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The provider's ARN.
      type: str
      sample: arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com
    client_ids:
      description: The audiences.
      type: list
      elements: str
    tags:
      description: The provider's tags.
      type: dict
    url:
      description: The issuer's URL.
      type: str
      sample: https://token.actions.githubusercontent.com
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.provider_trust import trusting
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

SCHEME = "https://"


class OidcProvider(Resource):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html"""

    name = "oidc_provider"
    computed = frozenset({"arn"})
    comparisons: ClassVar = {"client_ids": same_items}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.iam = self.client("iam")

    @property
    def identity(self) -> str:
        return str(self.params["url"])

    def desired(self) -> dict[str, Any]:
        return self.declared("url", "client_ids", "tags")

    def describe(self) -> dict[str, Any] | None:
        suffix = ":oidc-provider/" + self.identity.removeprefix(SCHEME)
        providers = self.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
        arn = next((each["Arn"] for each in providers if each["Arn"].endswith(suffix)), None)
        if arn is None:
            return None
        provider = self.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        return {
            "arn": arn,
            "client_ids": provider["ClientIDList"],
            "tags": as_dict(provider.get("Tags")),
            "url": self.identity,
        }

    def create(self, desired: dict[str, Any]) -> None:
        self.iam.create_open_id_connect_provider(
            Url=desired["url"],
            ClientIDList=desired.get("client_ids", []),
            Tags=as_list(desired.get("tags", {})),
        )

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        old, new = changes["client_ids"]
        for client_id in sorted(set(new) - set(old)):
            self.iam.add_client_id_to_open_id_connect_provider(
                OpenIDConnectProviderArn=current["arn"], ClientID=client_id
            )
        for client_id in sorted(set(old) - set(new)):
            self.iam.remove_client_id_from_open_id_connect_provider(
                OpenIDConnectProviderArn=current["arn"], ClientID=client_id
            )

    def retained(self, current: dict[str, Any]) -> str | None:
        roles = trusting(self.iam, current["arn"]) if self.params["keep_trusted"] else []
        return f"{', '.join(roles)} would trust nobody without it" if roles else None

    def delete(self, current: dict[str, Any]) -> None:
        self.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=current["arn"])

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=current["arn"], Tags=as_list(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=current["arn"], TagKeys=keys)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            url={"required": True},
            client_ids={"type": "list", "elements": "str"},
            keep_trusted={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    if not module.params["url"].startswith(SCHEME):
        module.fail_json(msg=f"url is {module.params['url']}, but IAM trusts issuers by {SCHEME} only.")
    reconcile(OidcProvider(module))


if __name__ == "__main__":
    main()
