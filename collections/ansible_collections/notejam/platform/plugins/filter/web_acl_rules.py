# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rules of a web ACL, in full, from what differs between them."""

from __future__ import annotations

DOCUMENTATION = """
name: web_acl_rules
short_description: Write the rules of a web ACL of AWS WAF
version_added: 0.2.0
author: Notejam platform contributors (@notejam)
description:
  - Numbers the rules in their order and gives each the metrics and the action that AWS's API wants, see
    U(https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html).
positional: _input
options:
  _input:
    description:
      - The rules, each with a C(name) and a C(statement). The C(action) is C(Block) unless said, or C(Count)
        or C(Allow); C(response) is what a blocked request is answered, as in AWS's API. Of a rule group,
        C(Count) counts instead of what its rules would do. Rules whose C(enabled) is false are left out.
    type: list
    elements: dict
    required: true
  counts_only:
    description: Whether every rule only counts, so that nobody is turned away yet.
    type: bool
    default: false
"""

EXAMPLES = """
- name: Show a rule
  ansible.builtin.debug:
    msg: "{{ [{'name': 'core', 'statement': core}] | notejam.platform.web_acl_rules(counts_only=true) }}"
"""

RETURN = """
_value:
  description: The rules as the module M(notejam.platform.wafv2_web_acl) takes them.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

GROUPS = ("ManagedRuleGroupStatement", "RuleGroupReferenceStatement")
ACTIONS = ("Allow", "Block", "Count")


def web_acl_rules(rules: list[dict[str, Any]], counts_only: bool = False) -> list[dict[str, Any]]:
    """Returns AWS's rules. Raises AnsibleFilterError for an action that it does not know."""
    enabled = [rule for rule in rules if rule.get("enabled", True)]
    return [_rule(rule, number, counts_only) for number, rule in enumerate(enabled)]


def _rule(rule: dict[str, Any], priority: int, counts_only: bool) -> dict[str, Any]:
    action = rule.get("action", "Block")
    if action not in ACTIONS:
        raise AnsibleFilterError(
            f"The action of rule '{rule['name']}' is '{action}', which is none of {', '.join(ACTIONS)}."
        )
    if counts_only:
        action = "Count"
    if next(iter(rule["statement"])) in GROUPS:
        decides: dict[str, Any] = {"OverrideAction": {"Count" if action == "Count" else "None": {}}}
    else:
        response = {"CustomResponse": rule["response"]} if action == "Block" and rule.get("response") else {}
        decides = {"Action": {action: response}}
    metrics = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": rule["name"]}
    return {
        "Name": rule["name"],
        "Priority": priority,
        "Statement": rule["statement"],
        "VisibilityConfig": metrics,
        **decides,
    }


class FilterModule:
    """The filter, for Ansible's loader."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        return {"web_acl_rules": web_acl_rules}
