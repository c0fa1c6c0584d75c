"""Rules of AWS WAF: what they may hold, and how many web ACL capacity units (WCUs) they take.

Sources: https://docs.aws.amazon.com/waf/latest/developerguide/aws-waf-capacity-units.html,
https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-match.html,
https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html,
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
"""

from collections.abc import Callable, Iterator
from typing import Any

from moto.core.exceptions import JsonRESTError

Rule = dict[str, Any]
# WCUs of the rule group that an ARN names; raises for one that does not exist.
GroupCapacity = Callable[[str], int]

# AWS's own rule groups by their WCUs.
MANAGED_RULE_GROUPS = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
    "AWSManagedRulesWindowsRuleSet": 200,
    "AWSManagedRulesPHPRuleSet": 100,
    "AWSManagedRulesWordPressRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesBotControlRuleSet": 50,
    "AWSManagedRulesATPRuleSet": 50,
    "AWSManagedRulesACFPRuleSet": 50,
    "AWSManagedRulesAntiDDoSRuleSet": 50,
}
LARGEST_CAPACITY = 5000
POSITIONS = {"CONTAINS": 10, "CONTAINS_WORD": 10, "EXACTLY": 2, "STARTS_WITH": 2, "ENDS_WITH": 2}
LOGICAL = {"AndStatement": "Statements", "OrStatement": "Statements", "NotStatement": "Statement"}
GROUPS = ("ManagedRuleGroupStatement", "RuleGroupReferenceStatement")
RATE_LIMITS = range(10, 2_000_000_001)
EVALUATION_WINDOWS = (60, 120, 300, 600)
DEFAULT_WINDOW = 300
LABELS_PER_UNIT = 5


def invalid(reason: str) -> JsonRESTError:
    return JsonRESTError("WAFInvalidParameterException", f"Error reason: {reason}")


def nonexistent(what: str) -> JsonRESTError:
    return JsonRESTError(
        "WAFNonexistentItemException",
        f"AWS WAF couldn't perform the operation because your resource doesn't exist: {what}",
    )


def managed_capacity(vendor: str, name: str) -> int:
    """WCUs of a managed rule group. Raises WAFNonexistentItemException for one that AWS does not have."""
    if vendor != "AWS" or name not in MANAGED_RULE_GROUPS:
        raise nonexistent(f"managed rule group {vendor}/{name}")
    return MANAGED_RULE_GROUPS[name]


def capacity(rules: list[Rule], group_capacity: GroupCapacity) -> int:
    """WCUs that the rules take together."""
    return sum(
        _statement_capacity(rule["Statement"], group_capacity)
        + -(-len(rule.get("RuleLabels") or []) // LABELS_PER_UNIT)
        for rule in rules
    )


def _statement_capacity(statement: dict[str, Any], group_capacity: GroupCapacity) -> int:
    [(kind, body)] = statement.items()
    if kind in LOGICAL:
        return sum(_statement_capacity(each, group_capacity) for each in _nested(kind, body))
    match kind:
        case "ManagedRuleGroupStatement":
            units = managed_capacity(body["VendorName"], body["Name"])
            return units + _scope_down(body, group_capacity)
        case "RuleGroupReferenceStatement":
            return group_capacity(body["ARN"])
        case "RateBasedStatement":
            return 2 + 30 * len(body.get("CustomKeys") or []) + _scope_down(body, group_capacity)
        case "IPSetReferenceStatement":
            return 5 if body.get("IPSetForwardedIPConfig", {}).get("Position") == "ANY" else 1
        case "GeoMatchStatement" | "LabelMatchStatement" | "AsnMatchStatement":
            return 1
        case "ByteMatchStatement":
            return _match_capacity(POSITIONS[body["PositionalConstraint"]], body)
        case "SqliMatchStatement":
            return _match_capacity(30 if body.get("SensitivityLevel") == "HIGH" else 20, body)
        case "XssMatchStatement":
            return _match_capacity(40, body)
        case "SizeConstraintStatement":
            return _match_capacity(1, body)
        case "RegexMatchStatement":
            return _match_capacity(3, body)
        case "RegexPatternSetReferenceStatement":
            return _match_capacity(25, body)
    raise invalid(f"The statement has no valid type, field: STATEMENT, parameter: {kind}")


def _scope_down(body: dict[str, Any], group_capacity: GroupCapacity) -> int:
    narrower = body.get("ScopeDownStatement")
    return _statement_capacity(narrower, group_capacity) if narrower else 0


def _match_capacity(base: int, body: dict[str, Any]) -> int:
    field: dict[str, Any] = body["FieldToMatch"]
    if "JsonBody" in field:
        base *= 2
    if "AllQueryArguments" in field:
        base += 10
    applied = [each for each in body["TextTransformations"] if each["Type"] != "NONE"]
    return base + 10 * len(applied)


def _nested(kind: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    nested = body[LOGICAL[kind]]
    return nested if isinstance(nested, list) else [nested]


def statements(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The statement and all inside it, each with its type."""
    for kind, body in statement.items():
        yield kind, body
        for inner in _nested(kind, body) if kind in LOGICAL else []:
            yield from statements(inner)
        if body.get("ScopeDownStatement"):
            yield from statements(body["ScopeDownStatement"])


def check(rules: list[Rule], bodies: dict[str, Any], ip_sets: set[str]) -> None:
    """Raise WAF's error for rules that it refuses.

    `bodies` are the custom response bodies by key, `ip_sets` the ARNs of those there are.
    https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html
    """
    for unique in ("Name", "Priority"):
        values = [rule[unique] for rule in rules]
        if len(set(values)) != len(values):
            raise JsonRESTError(
                "WAFDuplicateItemException",
                f"AWS WAF could not perform the operation because the {unique} of two rules is the same.",
            )
    for rule in rules:
        is_group = next(iter(rule["Statement"])) in GROUPS
        wanted, other = ("OverrideAction", "Action") if is_group else ("Action", "OverrideAction")
        if len(rule.get(wanted) or {}) != 1 or rule.get(other):
            raise invalid(f"A rule of this type needs exactly one {wanted}, field: RULE, {rule['Name']}")
        _check_action(rule.get("Action") or {}, bodies)
        for kind, body in statements(rule["Statement"]):
            _check_statement(kind, body, ip_sets)


def _check_action(action: dict[str, Any], bodies: dict[str, Any]) -> None:
    key = action.get("Block", {}).get("CustomResponse", {}).get("CustomResponseBodyKey")
    if key is not None and key not in bodies:
        raise invalid(f"The custom response body is not defined, field: CUSTOM_RESPONSE_BODY, {key}")


def _check_statement(kind: str, body: dict[str, Any], ip_sets: set[str]) -> None:
    if kind == "IPSetReferenceStatement" and body["ARN"] not in ip_sets:
        raise nonexistent(body["ARN"])
    if kind == "ManagedRuleGroupStatement":
        managed_capacity(body["VendorName"], body["Name"])
    if kind == "RateBasedStatement":
        if int(body["Limit"]) not in RATE_LIMITS:
            raise invalid(f"The limit is not from 10 to 2,000,000,000, field: RATE_LIMIT, {body['Limit']}")
        # The API tells the default as if it had been given.
        window = int(body.setdefault("EvaluationWindowSec", DEFAULT_WINDOW))
        if window not in EVALUATION_WINDOWS:
            raise invalid(
                f"The window is not one of {EVALUATION_WINDOWS}, field: EVALUATION_WINDOW, {window}"
            )
