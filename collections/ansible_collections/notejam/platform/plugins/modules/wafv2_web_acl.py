#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_web_acl
version_added: 0.2.0
short_description: Manage a web ACL of AWS WAF
description:
  - Keeps a web ACL with its rules, custom response bodies and metrics. The web ACL is found by its name.
  - The rules are compared in full, so that an override or a rule that was set by hand is undone.
  - Before a change, also in check mode, WAF is asked how many capacity units (WCUs) the rules take.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The web ACL's name.
    type: str
    required: true
  scope:
    description: V(REGIONAL) for load balancers, V(CLOUDFRONT) for distributions.
    type: str
    choices: [REGIONAL, CLOUDFRONT]
    default: REGIONAL
  description:
    description: What the web ACL protects.
    type: str
  default_action:
    description: What happens to a request that no rule decides on.
    type: str
    choices: [Allow, Block]
    default: Allow
  rules:
    description:
      - The rules as in AWS's API, with its names, see
        U(https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html).
      - Rules that are not listed are removed.
    type: list
    elements: dict
    default: []
  custom_response_bodies:
    description:
      - Bodies that rules answer with, as in AWS's API, by the key that rules name them by, see
        U(https://docs.aws.amazon.com/waf/latest/APIReference/API_CustomResponseBody.html).
    type: dict
    default: {}
  metric_name:
    description: Name of the web ACL's metric in CloudWatch; the web ACL's name by default.
    type: str
  sampled_requests:
    description: Whether WAF keeps samples of the requests that match rules.
    type: bool
    default: true
  capacity_limit:
    description:
      - The module fails when the rules take more WCUs. Up to 1500 are in the basic price of a web ACL, and
        5000 are the most.
    type: int
    default: 1500
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Count what the core rule set would block
  notejam.platform.wafv2_web_acl:
    name: notejam-prod
    rules:
      - Name: core
        Priority: 0
        Statement:
          ManagedRuleGroupStatement:
            VendorName: AWS
            Name: AWSManagedRulesCommonRuleSet
        OverrideAction:
          Count: {}
        VisibilityConfig:
          SampledRequestsEnabled: true
          CloudWatchMetricsEnabled: true
          MetricName: core
"""

RETURN = r"""
web_acl:
  description: The web ACL; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The web ACL's ARN.
      type: str
      sample: arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/notejam-prod/a1b2c3d4
    capacity:
      description: WCUs that the rules take.
      type: int
    custom_response_bodies:
      description: Bodies that rules answer with, by key.
      type: dict
    default_action:
      description: What happens to a request that no rule decides on.
      type: str
    description:
      description: What the web ACL protects.
      type: str
    id:
      description: The web ACL's id.
      type: str
    metric_name:
      description: Name of its metric.
      type: str
    name:
      description: The web ACL's name.
      type: str
    rules:
      description: The rules in the order of their priority, as in AWS's API.
      type: list
      elements: dict
    sampled_requests:
      description: Whether samples are kept.
      type: bool
    tags:
      description: The web ACL's tags.
      type: dict
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same
from ansible_collections.notejam.platform.plugins.module_utils.resource import argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_list
from ansible_collections.notejam.platform.plugins.module_utils.wafv2 import WafResource, settled

# What the API adds when a rule leaves it out.
DEFAULT_WINDOW = 300


def normal(value: Any) -> Any:
    """A part of a rule as the API tells it: bytes as text, nothing empty but what is meant to be."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode()
    if isinstance(value, (list, tuple)):
        return [normal(item) for item in value]
    if not isinstance(value, dict):
        return value
    told = {key: normal(item) for key, item in value.items() if item is not None and item != []}
    if "Limit" in told and "AggregateKeyType" in told:
        told.setdefault("EvaluationWindowSec", DEFAULT_WINDOW)
    return told


def ordered(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules as the API tells them, in the order in which WAF applies them."""
    return sorted((normal(rule) for rule in rules), key=lambda rule: rule["Priority"])


class WebAcl(WafResource):
    """A web ACL: https://docs.aws.amazon.com/waf/latest/APIReference/API_WebACL.html."""

    name = "web_acl"
    kind = "web_acl"
    listed = "WebACLs"
    list_operation = "list_web_acls"
    computed = frozenset({"arn", "id"})
    comparisons: ClassVar = {"rules": same, "custom_response_bodies": same}

    def desired(self) -> dict[str, Any]:
        declared = self.declared("name", "description", "default_action", "sampled_requests", "tags")
        rules = ordered(self.params["rules"])
        return {
            **declared,
            "capacity": self._capacity(rules) if self.params["state"] == "present" else 0,
            "custom_response_bodies": self.params["custom_response_bodies"],
            "metric_name": self.params["metric_name"] or self.params["name"],
            "rules": rules,
        }

    def describe(self) -> dict[str, Any] | None:
        answer = self.read()
        if answer is None:
            return None
        found = answer["WebACL"]
        return {
            "arn": found["ARN"],
            "capacity": found["Capacity"],
            "custom_response_bodies": found.get("CustomResponseBodies", {}),
            "default_action": next(iter(found["DefaultAction"])),
            "description": found.get("Description", ""),
            "id": found["Id"],
            "metric_name": found["VisibilityConfig"]["MetricName"],
            "name": found["Name"],
            "rules": ordered(found.get("Rules", [])),
            "sampled_requests": found["VisibilityConfig"]["SampledRequestsEnabled"],
            "tags": self.tags_of(found["ARN"]),
        }

    def create(self, desired: dict[str, Any]) -> None:
        tags = {"Tags": as_list(desired["tags"])} if desired.get("tags") else {}
        settled(self.waf.create_web_acl)(
            Name=desired["name"], Scope=self.params["scope"], **self._content(desired), **tags
        )

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        new = current | {key: value for key, (_old, value) in changes.items()}
        answer = self.read() or {}
        settled(self.waf.update_web_acl)(
            **self.key(current["id"]), LockToken=answer["LockToken"], **self._content(new)
        )

    def _content(self, state: dict[str, Any]) -> dict[str, Any]:
        """All that an update replaces."""
        bodies = state["custom_response_bodies"]
        return {
            "DefaultAction": {state["default_action"]: {}},
            "Rules": state["rules"],
            "VisibilityConfig": {
                "SampledRequestsEnabled": state["sampled_requests"],
                "CloudWatchMetricsEnabled": True,
                "MetricName": state["metric_name"],
            },
            **({"Description": state["description"]} if state.get("description") else {}),
            **({"CustomResponseBodies": bodies} if bodies else {}),
        }

    def _capacity(self, rules: list[dict[str, Any]]) -> int:
        """WCUs of the rules, asked of WAF. Raises AnsibleAWSError when they are over the limit."""
        if not rules:
            return 0
        units = int(self.waf.check_capacity(Scope=self.params["scope"], Rules=rules)["Capacity"])
        limit = self.params["capacity_limit"]
        if units > limit:
            raise AnsibleAWSError(
                message=f"The rules of web ACL {self.identity} take {units} WCUs, more than the "
                f"capacity_limit of {limit}. Leave rules out, or raise the limit: over 1500, WAF "
                "charges more for each request."
            )
        return units


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            scope={"choices": ["REGIONAL", "CLOUDFRONT"], "default": "REGIONAL"},
            description={},
            default_action={"choices": ["Allow", "Block"], "default": "Allow"},
            rules={"type": "list", "elements": "dict", "default": []},
            custom_response_bodies={"type": "dict", "default": {}},
            metric_name={},
            sampled_requests={"type": "bool", "default": True},
            capacity_limit={"type": "int", "default": 1500},
        ),
        supports_check_mode=True,
    )
    incomplete = [
        rule for rule in module.params["rules"] if not {"Name", "Priority", "Statement"} <= rule.keys()
    ]
    if incomplete:
        module.fail_json(
            msg=f"A rule has a Name, a Priority and a Statement; this one has not: {incomplete[0]}"
        )
    reconcile(WebAcl(module))


if __name__ == "__main__":
    main()
