"""The web application firewall after the inventory asks for more."""

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


def test_the_range_is_turned_away(waf: Any) -> None:
    sets = waf.list_ip_sets(Scope="REGIONAL")["IPSets"]
    addresses = {
        each["Name"]: waf.get_ip_set(Scope="REGIONAL", Name=each["Name"], Id=each["Id"])["IPSet"]["Addresses"]
        for each in sets
    }
    assert {name: value for name, value in addresses.items() if value} == {
        f"{NAME}-blocked-ipv4": ["198.51.100.0/24"]
    }


def test_an_address_may_ask_less_often(acl: dict[str, Any]) -> None:
    limits = {
        rule["Name"]: rule["Statement"]["RateBasedStatement"]["Limit"]
        for rule in acl["Rules"]
        if "RateBasedStatement" in rule["Statement"]
    }
    assert limits == {"rate-limit": 500, "sign-in-rate-limit": 100}


def test_the_logs_leave_out_one_more_header_and_go_earlier(waf: Any, acl: dict[str, Any]) -> None:
    logging = waf.get_logging_configuration(ResourceArn=acl["ARN"])["LoggingConfiguration"]
    redacted = [each["SingleHeader"]["Name"] for each in logging["RedactedFields"]]
    assert sorted(redacted) == ["authorization", "cookie", "x-csrftoken"]
    [group] = boto3.client("logs").describe_log_groups(logGroupNamePrefix=f"aws-waf-logs-{NAME}")["logGroups"]
    assert group["retentionInDays"] == 90
