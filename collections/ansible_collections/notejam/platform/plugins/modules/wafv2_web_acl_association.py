#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_web_acl_association
version_added: 0.2.0
short_description: Manage which web ACL of AWS WAF protects a resource
description:
  - Associates a resource, such as an application load balancer, with a web ACL. A resource has one web ACL,
    so another one is replaced.
  - WAF is asked afterwards which web ACL protects the resource; the module fails when it is another one, or
    none, for longer than O(wait_timeout).
author:
  - Notejam platform contributors (@notejam)
options:
  resource_arn:
    description: ARN of the resource.
    type: str
    required: true
  web_acl_arn:
    description:
      - ARN of the web ACL. Required with O(state=present). With O(state=absent), the association is removed
        only if it is with this one.
    type: str
  wait_timeout:
    description: How long the association may take to be seen, in seconds.
    type: int
    default: 120
extends_documentation_fragment:
  - notejam.platform.resource.untagged
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Protect the load balancer
  notejam.platform.wafv2_web_acl_association:
    resource_arn: "{{ load_balancer.arn }}"
    web_acl_arn: "{{ site.web_firewall.web_acl_arn }}"
"""

RETURN = r"""
association:
  description: The association; none with O(state=absent).
  returned: success
  type: dict
  contains:
    resource_arn:
      description: ARN of the resource.
      type: str
    web_acl_arn:
      description: ARN of the web ACL that protects it.
      type: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    reconcile,
    untagged_argument_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.wafv2 import settled
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until


class Association(Resource):
    """https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html"""

    name = "association"

    @property
    def identity(self) -> str:
        return str(self.params["resource_arn"])

    @property
    def waf(self) -> Any:
        return self.client("wafv2")

    def desired(self) -> dict[str, Any]:
        return self.declared("resource_arn", "web_acl_arn")

    def describe(self) -> dict[str, Any] | None:
        found = self.waf.get_web_acl_for_resource(ResourceArn=self.identity).get("WebACL")
        if not found:
            return None
        wanted = self.params["web_acl_arn"]
        if self.params["state"] == "absent" and wanted not in (None, found["ARN"]):
            return None
        return {"resource_arn": self.identity, "web_acl_arn": found["ARN"]}

    def create(self, desired: dict[str, Any]) -> None:
        settled(self.waf.associate_web_acl)(ResourceArn=self.identity, WebACLArn=desired["web_acl_arn"])

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self.create({"web_acl_arn": changes["web_acl_arn"][1]})

    def delete(self, current: dict[str, Any]) -> None:
        self.waf.disassociate_web_acl(ResourceArn=self.identity)

    def settled(self, current: dict[str, Any]) -> bool:
        return bool(current["web_acl_arn"] == self.params["web_acl_arn"])

    def wait(self, state: str) -> None:
        if state == "present":
            wanted = self.params["web_acl_arn"]
            wait_until(
                f"The web ACL of {self.identity}",
                lambda: (self.describe() or {}).get("web_acl_arn", "none"),
                [wanted],
                self.params["wait_timeout"],
            )


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=untagged_argument_spec(
            resource_arn={"required": True},
            web_acl_arn={},
            wait_timeout={"type": "int", "default": 120},
        ),
        required_if=[("state", "present", ["web_acl_arn"])],
        supports_check_mode=True,
    )
    module.params["wait"] = True
    reconcile(Association(module))


if __name__ == "__main__":
    main()
