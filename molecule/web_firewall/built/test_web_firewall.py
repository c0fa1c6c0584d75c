"""The web application firewall as WAF tells of it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

NAME = "notejam-sandbox"


@pytest.fixture(scope="module")
def waf() -> Any:
    return boto3.client("wafv2")


@pytest.fixture(scope="module")
def acl(waf: Any) -> dict[str, Any]:
    [found] = [each for each in waf.list_web_acls(Scope="REGIONAL")["WebACLs"] if each["Name"] == NAME]
    return dict(waf.get_web_acl(Scope="REGIONAL", Name=NAME, Id=found["Id"])["WebACL"])


@pytest.fixture(scope="module")
def rules(acl: dict[str, Any]) -> dict[str, Any]:
    return {rule["Name"]: rule for rule in acl["Rules"]}


def test_it_protects_the_load_balancer(waf: Any, acl: dict[str, Any]) -> None:
    [balancer] = boto3.client("elbv2").describe_load_balancers()["LoadBalancers"]
    found = waf.get_web_acl_for_resource(ResourceArn=balancer["LoadBalancerArn"])["WebACL"]
    assert found["ARN"] == acl["ARN"]


def test_it_is_within_what_the_basic_price_covers(acl: dict[str, Any]) -> None:
    assert acl["Capacity"] <= 1500


def test_what_no_rule_speaks_of_passes(acl: dict[str, Any]) -> None:
    assert list(acl["DefaultAction"]) == ["Allow"]


def test_its_rules_have_the_priorities_of_their_order(acl: dict[str, Any]) -> None:
    assert [rule["Priority"] for rule in acl["Rules"]] == list(range(len(acl["Rules"])))


@pytest.mark.parametrize("group", ["reputation", "known-bad-inputs", "core", "sql-injection", "linux"])
def test_a_managed_group_blocks_what_it_finds(rules: dict[str, Any], group: str) -> None:
    assert list(rules[group]["OverrideAction"]) == ["None"]


def test_only_the_limit_of_size_of_the_core_group_is_overridden(rules: dict[str, Any]) -> None:
    statement = rules["core"]["Statement"]["ManagedRuleGroupStatement"]
    overrides = {each["Name"]: list(each["ActionToUse"]) for each in statement["RuleActionOverrides"]}
    assert overrides == {"SizeRestrictions_BODY": ["Count"]}


def test_who_hides_the_address_is_only_counted(rules: dict[str, Any]) -> None:
    assert list(rules["anonymous"]["OverrideAction"]) == ["Count"]


@pytest.mark.parametrize(("rule", "limit"), [("rate-limit", 2000), ("sign-in-rate-limit", 100)])
def test_who_asks_too_often_is_told_so(rules: dict[str, Any], rule: str, limit: int) -> None:
    assert rules[rule]["Statement"]["RateBasedStatement"]["Limit"] == limit
    assert rules[rule]["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 429


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("allowed-ipv4", "Allow"),
        ("allowed-ipv6", "Allow"),
        ("blocked-ipv4", "Block"),
        ("blocked-ipv6", "Block"),
    ],
)
def test_a_list_of_addresses_is_empty_and_in_use(
    waf: Any, rules: dict[str, Any], name: str, action: str
) -> None:
    sets = waf.list_ip_sets(Scope="REGIONAL")["IPSets"]
    [found] = [each for each in sets if each["Name"] == f"{NAME}-{name}"]
    ip_set = waf.get_ip_set(Scope="REGIONAL", Name=found["Name"], Id=found["Id"])["IPSet"]
    assert ip_set["Addresses"] == []
    assert ip_set["IPAddressVersion"] == name.partition("-")[2].upper()
    assert rules[name]["Statement"]["IPSetReferenceStatement"]["ARN"] == found["ARN"]
    assert list(rules[name]["Action"]) == [action]


def test_it_logs_without_anybodys_session(waf: Any, acl: dict[str, Any]) -> None:
    logging = waf.get_logging_configuration(ResourceArn=acl["ARN"])["LoggingConfiguration"]
    redacted = [each["SingleHeader"]["Name"] for each in logging["RedactedFields"]]
    assert sorted(redacted) == ["authorization", "cookie"]
    [destination] = logging["LogDestinationConfigs"]
    assert destination.endswith(f":log-group:aws-waf-logs-{NAME}")


def test_its_logs_are_encrypted_and_kept_for_a_year() -> None:
    groups = boto3.client("logs").describe_log_groups(logGroupNamePrefix=f"aws-waf-logs-{NAME}")["logGroups"]
    [group] = groups
    key = boto3.client("kms").describe_key(KeyId=f"alias/{NAME}-logs")["KeyMetadata"]["Arn"]
    assert group["kmsKeyId"] == key
    assert group["retentionInDays"] == 365
