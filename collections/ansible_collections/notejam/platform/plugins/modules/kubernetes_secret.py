#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: kubernetes_secret
short_description: Fill a Kubernetes Secret from AWS Secrets Manager
version_added: 0.1.0
description:
  - Reads secrets of AWS Secrets Manager and writes chosen values of theirs to a Kubernetes Secret.
  - The values never leave the module. Results and diffs name keys only.
author:
  - Notejam platform contributors (@notejam)
extends_documentation_fragment:
  - notejam.platform.kubernetes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The Secret's name.
    type: str
    required: true
  namespace:
    description: The Secret's namespace, which must exist.
    type: str
    required: true
  data:
    description: What the Secret holds. Each key comes from O(data[].secret_arn) or from O(data[].value).
    type: list
    elements: dict
    required: true
    suboptions:
      key:
        description: Key in the Kubernetes Secret.
        type: str
        required: true
      secret_arn:
        description: The ARN or the name of a secret in AWS Secrets Manager.
        type: str
      json_key:
        description:
          - Key in the JSON object that the AWS secret holds; by default the whole secret is taken.
          - A list or an object there is written as JSON.
        type: str
      value:
        description: The value itself.
        type: str
  field_manager:
    description: Name under which the API server remembers the keys that are written here.
    type: str
    default: ansible
attributes:
  check_mode:
    description: >-
      Reads both sides and reports whether they differ. A key that the AWS secret does not have yet is planned
      as one that it will have.
    support: full
  diff_mode:
    description: Shows keys, and for each whether its value is to be a new one.
    support: full
"""

EXAMPLES = r"""
- name: Give Notejam its secrets
  notejam.platform.kubernetes_secret:
    kubeconfig: ~/.kube/notejam-prod-eu-west-1
    name: notejam
    namespace: notejam
    data:
      - key: SECRET_KEY
        secret_arn: "{{ site.secrets.arns.django }}"
        json_key: secret_key
      - key: DATABASE_PASSWORD
        secret_arn: "{{ site.secrets.arns.database }}"
        json_key: password
"""

RETURN = r"""
secret:
  description: The Secret, without its values.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
    namespace:
      description: Its namespace.
      type: str
    key_names:
      description: Its keys, sorted.
      type: list
      elements: str
    version:
      description:
        - Tells one set of AWS secret versions from another, and nothing of the values. It changes when a
          secret is rotated.
      type: str
      sample: 3f0c2a7be91d
"""

import base64
import hashlib
import json
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_cluster import (
    CONNECTION_ARGUMENTS,
    Cluster,
    KubernetesError,
    Object,
    secret_values,
)


class MissingKey(KubernetesError):
    """The AWS secret has no such key."""


class SecretsManager:
    """The current values of secrets, each read once (API_GetSecretValue of AWS Secrets Manager)."""

    def __init__(self, module: AnsibleAWSModule) -> None:
        self._module = module
        self._read: dict[str, dict[str, Any]] = {}

    def value(self, secret_id: str, json_key: str | None) -> str:
        """The secret, or one value of the JSON object that it holds."""
        if secret_id not in self._read:
            try:
                self._read[secret_id] = client(self._module, "secretsmanager").get_secret_value(
                    SecretId=secret_id
                )
            except (BotoCoreError, ClientError) as error:
                self._module.fail_json_aws(error, msg=f"Cannot read secret {secret_id}")
        text: str = self._read[secret_id].get("SecretString", "")
        if json_key is None:
            return text
        try:
            found = json.loads(text)[json_key]
        except (ValueError, TypeError):
            # The error's own text would quote the secret.
            raise KubernetesError(
                f"Secret {secret_id} is not a JSON object, so it has no key {json_key}."
            ) from None
        except KeyError:
            keys = ", ".join(sorted(json.loads(text)))
            raise MissingKey(
                f"Secret {secret_id} has no key {json_key} (`json_key`), only: {keys}."
            ) from None
        return found if isinstance(found, str) else json.dumps(found)

    @property
    def version(self) -> str:
        """A short digest of which versions were read."""
        versions = sorted((secret_id, answer["VersionId"]) for secret_id, answer in self._read.items())
        return hashlib.sha256(json.dumps(versions).encode()).hexdigest()[:12]


def read(module: AnsibleAWSModule, secrets_manager: SecretsManager) -> dict[str, str]:
    """The Kubernetes Secret's values by their keys. In a plan, one that is not there yet is empty."""
    values = {}
    for each in module.params["data"]:
        try:
            given = each["secret_arn"] is None
            values[each["key"]] = (
                each["value"] if given else secrets_manager.value(each["secret_arn"], each["json_key"])
            )
        except MissingKey:
            if not module.check_mode:
                raise
            values[each["key"]] = ""
    return values


def definition(params: dict[str, Any], values: dict[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": params["name"], "namespace": params["namespace"]},
        "type": "Opaque",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()},
    }


def diff(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, dict[str, str]]:
    new = {
        key: "(secret)" if before.get(key) == value else "(secret, new value)" for key, value in after.items()
    }
    return {"before": dict.fromkeys(before, "(secret)"), "after": new}


def main() -> None:
    source = {
        "key": {"required": True, "no_log": False},
        "secret_arn": {"no_log": False},
        "json_key": {"no_log": False},
        "value": {"no_log": True},
    }
    module = AnsibleAWSModule(
        argument_spec={
            **CONNECTION_ARGUMENTS,
            "name": {"required": True},
            "namespace": {"required": True},
            "data": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": source,
                "required_one_of": [("secret_arn", "value")],
                "mutually_exclusive": [("secret_arn", "value"), ("json_key", "value")],
            },
            "field_manager": {"default": "ansible"},
        },
        supports_check_mode=True,
    )
    params = module.params
    secrets_manager = SecretsManager(module)
    try:
        values = read(module, secrets_manager)
        cluster = Cluster(params["kubeconfig"], params["host"])
        wanted = definition(params, values)
        before = secret_values(cluster.read(wanted))
        after = secret_values(cluster.apply(wanted, params["field_manager"], dry_run=module.check_mode))
    except KubernetesError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=before != after,
        diff=diff(before, after),
        secret={
            "name": params["name"],
            "namespace": params["namespace"],
            "key_names": sorted(after),
            "version": secrets_manager.version,
        },
    )


if __name__ == "__main__":
    main()
