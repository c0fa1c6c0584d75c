"""The modules of AWS WAF: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("strict_account")

TAGS = {"platform:site": "test_eu_west_1"}
LOG_GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-acl"
IP_SET: dict[str, Any] = {"name": "blocked", "addresses": ["198.51.100.0/24", "192.0.2.7"], "tags": TAGS}


def rule(name: str, priority: int, statement: dict[str, Any], **action: Any) -> dict[str, Any]:
    metric = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
    return {"Name": name, "Priority": priority, "Statement": statement, "VisibilityConfig": metric, **action}


CORE = rule(
    "core",
    1,
    {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}},
    OverrideAction={"None": {}},
)
RATE = rule(
    "rate",
    0,
    {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}},
    Action={"Block": {"CustomResponse": {"ResponseCode": 429, "CustomResponseBodyKey": "slow"}}},
)
WORDS = rule(
    "words",
    2,
    {
        "ByteMatchStatement": {
            "SearchString": "scanner",
            "FieldToMatch": {"SingleHeader": {"Name": "user-agent"}},
            "PositionalConstraint": "CONTAINS",
            "TextTransformations": [{"Priority": 0, "Type": "LOWERCASE"}],
        }
    },
    Action={"Block": {}},
)
WEB_ACL: dict[str, Any] = {
    "name": "acl",
    "description": "Protects Notejam",
    "rules": [CORE, RATE, WORDS],
    "custom_response_bodies": {"slow": {"ContentType": "TEXT_PLAIN", "Content": "Slow down."}},
    "tags": TAGS,
}


@pytest.fixture
def waf() -> Any:
    return boto3.client("wafv2", "eu-west-1")


@pytest.fixture
def load_balancer_arn() -> str:
    ec2 = boto3.client("ec2", "eu-west-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")
        for n, zone in enumerate("ab")
    ]
    made = boto3.client("elbv2", "eu-west-1").create_load_balancer(
        Name="alb", Scheme="internal", Subnets=[each["Subnet"]["SubnetId"] for each in subnets]
    )
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def web_acl(waf: Any) -> dict[str, Any]:
    [entry] = waf.list_web_acls(Scope="REGIONAL")["WebACLs"]
    answer: dict[str, Any] = waf.get_web_acl(Name=entry["Name"], Scope="REGIONAL", Id=entry["Id"])
    return answer


def test_an_ip_set_has_its_ranges_and_tags(waf: Any) -> None:
    made = four_steps("wafv2_ip_set", **IP_SET).result["ip_set"]
    assert made["addresses"] == ["192.0.2.7/32", "198.51.100.0/24"]
    found = waf.get_ip_set(Name="blocked", Scope="REGIONAL", Id=made["id"])["IPSet"]
    assert sorted(found["Addresses"]) == made["addresses"]
    assert made["tags"] == TAGS
    change = {"addresses": ["203.0.113.0/24"], "description": "Attackers", "tags": {**TAGS, "a": "b"}}
    assert four_steps("wafv2_ip_set", **IP_SET | change).writes == ["UpdateIPSet", "TagResource"]


def test_a_range_added_by_hand_goes(waf: Any) -> None:
    made = run_module("wafv2_ip_set", **IP_SET).result["ip_set"]
    own = {"Name": "blocked", "Scope": "REGIONAL", "Id": made["id"]}
    token = waf.get_ip_set(**own)["LockToken"]
    waf.update_ip_set(**own, Addresses=["203.0.113.0/24"], LockToken=token)
    assert four_steps("wafv2_ip_set", **IP_SET).result["ip_set"]["addresses"] == made["addresses"]


def test_an_ip_set_goes(waf: Any) -> None:
    run_module("wafv2_ip_set", **IP_SET)
    four_steps("wafv2_ip_set", name="blocked", state="absent")
    assert waf.list_ip_sets(Scope="REGIONAL")["IPSets"] == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("0.0.0.0/0", "every address"),
        ("2001:db8::/32", "is of IPv6, but the set is of IPV4"),
        ("office", "'office' is no range"),
    ],
)
def test_a_range_that_waf_refuses_fails_before_any_call(address: str, message: str) -> None:
    run = run_module("wafv2_ip_set", **IP_SET | {"addresses": [address]})
    assert message in run.result["msg"]
    assert run.operations == []


def test_the_version_of_an_ip_set_stays() -> None:
    run_module("wafv2_ip_set", **IP_SET)
    run = run_module("wafv2_ip_set", name="blocked", ip_address_version="IPV6")
    assert "ip_address_version is 'IPV4'" in run.result["msg"]
    assert run.writes == []


def test_a_web_acl_has_its_rules_bodies_and_capacity(waf: Any) -> None:
    made = four_steps("wafv2_web_acl", **WEB_ACL).result["web_acl"]
    found = web_acl(waf)["WebACL"]
    assert [each["Name"] for each in made["rules"]] == ["rate", "core", "words"]
    assert made["capacity"] == found["Capacity"] == 700 + 2 + 20
    assert found["CustomResponseBodies"]["slow"]["Content"] == "Slow down."
    assert made["tags"] == TAGS


@pytest.mark.parametrize(
    "change",
    [
        {"rules": [CORE, RATE]},
        {"rules": [{**CORE, "OverrideAction": {"Count": {}}}, RATE, WORDS]},
        {"default_action": "Block"},
        {"description": "Protects Notejam's load balancer"},
        {"sampled_requests": False},
        {"rules": [CORE], "custom_response_bodies": {}},
    ],
)
def test_a_changed_web_acl_is_updated_once(change: dict[str, Any]) -> None:
    run_module("wafv2_web_acl", **WEB_ACL)
    assert four_steps("wafv2_web_acl", **WEB_ACL | change).writes == ["UpdateWebACL"]


def test_an_override_set_by_hand_is_undone(waf: Any) -> None:
    run_module("wafv2_web_acl", **WEB_ACL)
    found = web_acl(waf)
    acl = found["WebACL"]
    [group] = [each["Statement"] for each in acl["Rules"] if each["Name"] == "core"]
    group["ManagedRuleGroupStatement"]["RuleActionOverrides"] = [
        {"Name": "CrossSiteScripting_BODY", "ActionToUse": {"Count": {}}}
    ]
    waf.update_web_acl(
        Name="acl",
        Scope="REGIONAL",
        Id=acl["Id"],
        LockToken=found["LockToken"],
        **{key: acl[key] for key in ("DefaultAction", "Rules", "VisibilityConfig", "CustomResponseBodies")},
    )
    four_steps("wafv2_web_acl", **WEB_ACL)
    [core] = [each for each in web_acl(waf)["WebACL"]["Rules"] if each["Name"] == "core"]
    assert "RuleActionOverrides" not in core["Statement"]["ManagedRuleGroupStatement"]


def test_a_web_acl_goes(waf: Any) -> None:
    run_module("wafv2_web_acl", **WEB_ACL)
    four_steps("wafv2_web_acl", name="acl", state="absent")
    assert waf.list_web_acls(Scope="REGIONAL")["WebACLs"] == []


def test_more_capacity_than_allowed_fails_before_any_change() -> None:
    for check_mode in (True, False):
        run = run_module("wafv2_web_acl", check_mode=check_mode, **WEB_ACL, capacity_limit=700)
        assert "take 722 WCUs, more than the capacity_limit of 700" in run.result["msg"]
        assert run.writes == []


def test_a_rule_without_priority_fails_before_any_call() -> None:
    run = run_module("wafv2_web_acl", name="acl", rules=[{"Name": "core"}])
    assert "a Priority and a Statement" in run.result["msg"]
    assert run.operations == []


@pytest.fixture
def logging() -> dict[str, Any]:
    boto3.client("logs", "eu-west-1").create_log_group(logGroupName="aws-waf-logs-acl")
    arn = run_module("wafv2_web_acl", **WEB_ACL).result["web_acl"]["arn"]
    return {
        "web_acl_arn": arn,
        "log_destination": f"{LOG_GROUP}:*",
        "redacted_headers": ["cookie", "authorization"],
    }


def test_a_web_acl_logs_without_the_redacted_headers(waf: Any, logging: dict[str, Any]) -> None:
    four_steps("wafv2_logging_configuration", **logging)
    found = waf.get_logging_configuration(ResourceArn=logging["web_acl_arn"])["LoggingConfiguration"]
    assert found["LogDestinationConfigs"] == [LOG_GROUP]
    names = [field["SingleHeader"]["Name"] for field in found["RedactedFields"]]
    assert names == ["authorization", "cookie"]
    condition = {"ActionCondition": {"Action": "BLOCK"}}
    only_blocked = {
        "DefaultBehavior": "DROP",
        "Filters": [{"Behavior": "KEEP", "Requirement": "MEETS_ANY", "Conditions": [condition]}],
    }
    four_steps("wafv2_logging_configuration", **logging, logging_filter=only_blocked)
    four_steps("wafv2_logging_configuration", **logging)


def test_logging_stopped_or_changed_by_hand_is_mended(waf: Any, logging: dict[str, Any]) -> None:
    run_module("wafv2_logging_configuration", **logging)
    arn = logging["web_acl_arn"]
    waf.put_logging_configuration(
        LoggingConfiguration={"ResourceArn": arn, "LogDestinationConfigs": [LOG_GROUP]}
    )
    assert four_steps("wafv2_logging_configuration", **logging).writes == ["PutLoggingConfiguration"]
    waf.delete_logging_configuration(ResourceArn=arn)
    four_steps("wafv2_logging_configuration", **logging)
    four_steps("wafv2_logging_configuration", web_acl_arn=arn, state="absent")
    assert waf.list_logging_configurations(Scope="REGIONAL")["LoggingConfigurations"] == []


def test_a_log_group_of_another_name_fails_before_any_call(logging: dict[str, Any]) -> None:
    run = run_module(
        "wafv2_logging_configuration", **logging | {"log_destination": "arn:aws:logs:x:1:log-group:a"}
    )
    assert "named aws-waf-logs-*" in run.result["msg"]
    assert run.operations == []


def test_a_load_balancer_is_protected_by_one_web_acl(waf: Any, load_balancer_arn: str) -> None:
    arns = [run_module("wafv2_web_acl", name=name).result["web_acl"]["arn"] for name in ("first", "second")]
    for arn in arns:
        given = {"resource_arn": load_balancer_arn, "web_acl_arn": arn}
        assert four_steps("wafv2_web_acl_association", **given).writes == ["AssociateWebACL"]
        assert waf.list_resources_for_web_acl(WebACLArn=arn)["ResourceArns"] == [load_balancer_arn]
    other = run_module(
        "wafv2_web_acl_association", resource_arn=load_balancer_arn, web_acl_arn=arns[0], state="absent"
    )
    assert not other.changed
    four_steps("wafv2_web_acl_association", resource_arn=load_balancer_arn, state="absent")
    assert waf.list_resources_for_web_acl(WebACLArn=arns[1])["ResourceArns"] == []


def test_an_association_that_somebody_else_undoes_fails_and_says_what_is_there(
    waf: Any, load_balancer_arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto.wafv2.models import WAFV2Backend

    other, own = (
        run_module("wafv2_web_acl", name=name).result["web_acl"]["arn"] for name in ("other", "own")
    )
    associate = WAFV2Backend.associate_web_acl
    monkeypatch.setattr(
        WAFV2Backend, "associate_web_acl", lambda self, _, resource: associate(self, other, resource)
    )
    run = run_module(
        "wafv2_web_acl_association", resource_arn=load_balancer_arn, web_acl_arn=own, wait_timeout=1
    )
    assert f"The web ACL of {load_balancer_arn} is still {other} after 1 s" in run.result["msg"]


def test_an_association_names_its_web_acl() -> None:
    run = run_module("wafv2_web_acl_association", resource_arn="arn:aws:elasticloadbalancing:x")
    assert "web_acl_arn" in run.result["msg"]
    assert run.operations == []
