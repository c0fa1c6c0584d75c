"""Rules of a web ACL: numbered, measured, and only counting when that is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.notejam.platform.plugins.filter.web_acl_rules import web_acl_rules

GROUP = {"name": "core", "statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "Core"}}}
OWN = {
    "name": "blocked",
    "statement": {"IPSetReferenceStatement": {"ARN": "a"}},
    "response": {"ResponseCode": 403},
}


def test_rules_are_numbered_in_their_order_without_those_switched_off() -> None:
    rules = web_acl_rules([{**GROUP, "enabled": False}, OWN, GROUP])
    assert [(rule["Name"], rule["Priority"]) for rule in rules] == [("blocked", 0), ("core", 1)]


@pytest.mark.parametrize(
    ("rule", "action"),
    [
        (GROUP, {"OverrideAction": {"None": {}}}),
        ({**GROUP, "action": "Count"}, {"OverrideAction": {"Count": {}}}),
        (OWN, {"Action": {"Block": {"CustomResponse": {"ResponseCode": 403}}}}),
        ({**OWN, "action": "Allow"}, {"Action": {"Allow": {}}}),
    ],
)
def test_a_rule_acts_as_declared_or_only_counts(rule: dict[str, Any], action: dict[str, Any]) -> None:
    [found] = web_acl_rules([rule])
    assert {key: found[key] for key in found if key.endswith("Action")} == action
    [counting] = web_acl_rules([rule], counts_only=True)
    assert list(next(counting[key] for key in counting if key.endswith("Action"))) == ["Count"]


def test_an_unknown_action_is_named_with_its_rule() -> None:
    with pytest.raises(AnsibleFilterError, match=r"'core' is 'Deny'.*Allow, Block, Count"):
        web_acl_rules([{**GROUP, "action": "Deny"}])
