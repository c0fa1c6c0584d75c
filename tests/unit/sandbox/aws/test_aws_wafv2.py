"""AWS WAF: capacity, associations, IP sets and logging as AWS has them, where moto differs."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

UNKNOWN_BODY = {"ResponseCode": 403, "CustomResponseBodyKey": "b"}
VISIBILITY = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "metric"}


def rule(name: str, statement: dict[str, Any], priority: int = 0, **more: Any) -> dict[str, Any]:
    is_group = "ManagedRuleGroupStatement" in statement
    action: dict[str, Any] = {"OverrideAction": {"None": {}}} if is_group else {"Action": {"Block": {}}}
    return {
        "Name": name,
        "Priority": priority,
        "Statement": statement,
        "VisibilityConfig": VISIBILITY,
        **action,
        **more,
    }


def managed(name: str) -> dict[str, Any]:
    return {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name}}


def xss(*transformations: str, **field: Any) -> dict[str, Any]:
    applied = [{"Priority": n, "Type": each} for n, each in enumerate(transformations)]
    return {
        "XssMatchStatement": {"FieldToMatch": field or {"QueryString": {}}, "TextTransformations": applied}
    }


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


@pytest.fixture
def waf(client: Any) -> Any:
    return client("wafv2")


def create(waf: Any, *rules: dict[str, Any], name: str = "acl", **more: Any) -> dict[str, Any]:
    summary: dict[str, Any] = waf.create_web_acl(
        Name=name,
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig=VISIBILITY,
        Rules=list(rules),
        **more,
    )["Summary"]
    return summary


def get(waf: Any, acl: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = waf.get_web_acl(Name=acl["Name"], Scope="REGIONAL", Id=acl["Id"])
    return found


@pytest.fixture
def load_balancer(client: Any) -> str:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")
        for n, zone in enumerate("ab")
    ]
    made = client("elbv2").create_load_balancer(
        Name="alb", Scheme="internal", Subnets=[s["Subnet"]["SubnetId"] for s in subnets]
    )
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


@pytest.mark.parametrize(
    ("statement", "units"),
    [
        (managed("AWSManagedRulesCommonRuleSet"), 700),
        (xss("NONE"), 40),
        (xss("URL_DECODE", "HTML_ENTITY_DECODE"), 60),
        (xss("URL_DECODE", AllQueryArguments={}), 60),
        (xss("NONE", JsonBody={"MatchPattern": {"All": {}}, "MatchScope": "ALL"}), 80),
        ({"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP"}}, 2),
        (
            {
                "RateBasedStatement": {
                    "Limit": 100,
                    "AggregateKeyType": "IP",
                    "ScopeDownStatement": {"GeoMatchStatement": {"CountryCodes": ["DE"]}},
                }
            },
            3,
        ),
        (
            {
                "AndStatement": {
                    "Statements": [
                        {
                            "NotStatement": {
                                "Statement": {"LabelMatchStatement": {"Scope": "LABEL", "Key": "a"}}
                            }
                        },
                        xss("NONE"),
                    ]
                }
            },
            41,
        ),
    ],
)
def test_capacity_is_counted_by_statement(waf: Any, statement: dict[str, Any], units: int) -> None:
    rules = [rule("a", statement)]
    assert waf.check_capacity(Scope="REGIONAL", Rules=rules)["Capacity"] == units
    assert get(waf, create(waf, *rules))["WebACL"]["Capacity"] == units


def test_more_than_the_largest_capacity_is_refused(waf: Any) -> None:
    groups = [rule(str(n), managed("AWSManagedRulesCommonRuleSet"), n) for n in range(8)]
    refused("WAFLimitsExceededException", waf.check_capacity, Scope="REGIONAL", Rules=groups)


def test_managed_rule_groups_are_aws_own(waf: Any) -> None:
    groups = waf.list_available_managed_rule_groups(Scope="REGIONAL")["ManagedRuleGroups"]
    assert "AWSManagedRulesSQLiRuleSet" in {group["Name"] for group in groups}
    described = waf.describe_managed_rule_group(
        VendorName="AWS", Name="AWSManagedRulesAnonymousIpList", Scope="REGIONAL"
    )
    assert described["Capacity"] == 50
    with pytest.raises(ClientError, match="WAFNonexistentItemException"):
        create(waf, rule("a", managed("AWSManagedRulesOfNobody")))


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([rule("a", xss("NONE")), rule("a", xss("NONE"), 1)], "WAFDuplicateItemException"),
        ([rule("a", xss("NONE")), rule("b", xss("NONE"))], "WAFDuplicateItemException"),
        ([rule("a", xss("NONE"), OverrideAction={"None": {}})], "WAFInvalidParameterException"),
        (
            [rule("a", {"RateBasedStatement": {"Limit": 2_000_000_001, "AggregateKeyType": "IP"}})],
            "WAFInvalidParameterException",
        ),
        (
            [
                rule(
                    "a",
                    {
                        "RateBasedStatement": {
                            "Limit": 10,
                            "AggregateKeyType": "IP",
                            "EvaluationWindowSec": 90,
                        }
                    },
                )
            ],
            "WAFInvalidParameterException",
        ),
        (
            [rule("a", xss("NONE"), Action={"Block": {"CustomResponse": UNKNOWN_BODY}})],
            "WAFInvalidParameterException",
        ),
        (
            [rule("a", {"IPSetReferenceStatement": {"ARN": "arn:aws:wafv2:eu-west-1:1:x"}})],
            "WAFNonexistentItemException",
        ),
    ],
)
def test_rules_that_waf_refuses(waf: Any, rules: list[dict[str, Any]], code: str) -> None:
    with pytest.raises(ClientError) as error:
        create(waf, *rules)
    assert error.value.response["Error"]["Code"] == code


def test_a_rate_rule_tells_its_default_window(waf: Any) -> None:
    acl = create(waf, rule("a", {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP"}}))
    [found] = get(waf, acl)["WebACL"]["Rules"]
    assert found["Statement"]["RateBasedStatement"]["EvaluationWindowSec"] == 300


def test_names_are_taken_once(waf: Any) -> None:
    create(waf)
    with pytest.raises(ClientError, match="WAFDuplicateItemException"):
        create(waf)


def test_an_update_replaces_everything(waf: Any) -> None:
    bodies = {"blocked": {"ContentType": "TEXT_PLAIN", "Content": "no"}}
    acl = create(waf, rule("a", xss("NONE")), Description="d", CustomResponseBodies=bodies)
    own = {"Name": acl["Name"], "Scope": "REGIONAL", "Id": acl["Id"]}
    given = {"DefaultAction": {"Allow": {}}, "VisibilityConfig": VISIBILITY, "Rules": []}
    waf.update_web_acl(**own, LockToken=acl["LockToken"], **given)
    found = get(waf, acl)["WebACL"]
    assert (found["Rules"], found["Capacity"], found["Description"]) == ([], 0, "")
    assert found["CustomResponseBodies"] == {}
    refused("WAFOptimisticLockException", waf.update_web_acl, **own, LockToken=acl["LockToken"], **given)


def test_a_resource_has_one_web_acl_which_stays_as_long(waf: Any, client: Any, load_balancer: str) -> None:
    first, second = create(waf, name="first"), create(waf, name="second")
    missing = load_balancer.replace("alb", "other")
    refused("WAFNonexistentItemException", waf.associate_web_acl, WebACLArn=first["ARN"], ResourceArn=missing)

    def resources(acl: dict[str, Any], **kind: str) -> list[str]:
        return list(waf.list_resources_for_web_acl(WebACLArn=acl["ARN"], **kind)["ResourceArns"])

    for acl in (first, second):
        waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=load_balancer)
    assert (resources(first), resources(second)) == ([], [load_balancer])
    assert resources(second, ResourceType="API_GATEWAY") == []
    found = waf.get_web_acl_for_resource(ResourceArn=load_balancer)["WebACL"]
    assert found["ARN"] == second["ARN"]
    own = {"Name": "second", "Scope": "REGIONAL", "Id": second["Id"], "LockToken": second["LockToken"]}
    refused("WAFAssociatedItemException", waf.delete_web_acl, **own)
    client("elbv2").delete_load_balancer(LoadBalancerArn=load_balancer)
    assert resources(second) == []
    waf.delete_web_acl(**own)


def ip_set(waf: Any, *addresses: str, version: str = "IPV4") -> dict[str, Any]:
    made: dict[str, Any] = waf.create_ip_set(
        Name="blocked", Scope="REGIONAL", IPAddressVersion=version, Addresses=list(addresses)
    )["Summary"]
    return made


@pytest.mark.parametrize("address", ["192.0.2.1", "0.0.0.0/0", "2001:db8::/32", "host/24"])
def test_an_ip_set_holds_ranges_of_its_version(waf: Any, address: str) -> None:
    with pytest.raises(ClientError, match="WAFInvalidParameterException"):
        ip_set(waf, address)
    made = ip_set(waf, "192.0.2.0/24")
    own = {"Name": "blocked", "Scope": "REGIONAL", "Id": made["Id"], "LockToken": made["LockToken"]}
    refused("WAFInvalidParameterException", waf.update_ip_set, **own, Addresses=[address])


def test_an_ip_set_that_a_rule_names_stays(waf: Any) -> None:
    made = ip_set(waf, "2001:db8::/32", version="IPV6")
    with pytest.raises(ClientError, match="WAFDuplicateItemException"):
        ip_set(waf)
    acl = create(waf, rule("a", {"IPSetReferenceStatement": {"ARN": made["ARN"]}}))
    own = {"Name": "blocked", "Scope": "REGIONAL", "Id": made["Id"], "LockToken": made["LockToken"]}
    refused("WAFAssociatedItemException", waf.delete_ip_set, **own)
    waf.delete_web_acl(Name="acl", Scope="REGIONAL", Id=acl["Id"], LockToken=acl["LockToken"])
    waf.delete_ip_set(**own)


def test_logs_go_to_a_group_that_is_there_and_named_for_it(waf: Any, client: Any) -> None:
    acl = create(waf)
    logs = client("logs")
    for name in ("waf", "aws-waf-logs-acl"):
        logs.create_log_group(logGroupName=name)
    prefix = "arn:aws:logs:eu-west-1:123456789012:log-group:"

    def put(destination: str, field: dict[str, Any] | None = None) -> None:
        waf.put_logging_configuration(
            LoggingConfiguration={
                "ResourceArn": acl["ARN"],
                "LogDestinationConfigs": [prefix + destination],
                "RedactedFields": [field or {"SingleHeader": {"Name": "cookie"}}],
            }
        )

    with pytest.raises(ClientError, match="WAFInvalidParameterException"):
        put("waf")
    with pytest.raises(ClientError, match="WAFNonexistentItemException"):
        put("aws-waf-logs-other")
    with pytest.raises(ClientError, match="WAFInvalidParameterException"):
        put("aws-waf-logs-acl", {"Body": {}})
    put("aws-waf-logs-acl")
    waf.delete_web_acl(Name="acl", Scope="REGIONAL", Id=acl["Id"], LockToken=acl["LockToken"])
    refused("WAFNonexistentItemException", waf.get_logging_configuration, ResourceArn=acl["ARN"])
