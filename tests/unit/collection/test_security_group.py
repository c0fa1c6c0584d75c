"""The module security_group: check, do, check again, do again; rules by hand; deletion."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("strict_account")

TAGS = {"platform:site": "test_eu_west_1"}
VISITORS = {"ports": [80, 443], "cidrs": ["0.0.0.0/0", "::/0"], "description": "Visitors"}


@pytest.fixture
def ec2() -> Any:
    return boto3.client("ec2", "eu-west-1")


@pytest.fixture
def vpc_id(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def options(vpc_id: str) -> dict[str, Any]:
    return {"name": "notejam-nodes", "description": "The nodes", "vpc_id": vpc_id, "tags": TAGS}


@pytest.fixture
def other_id(vpc_id: str) -> str:
    run = run_module("security_group", name="notejam-pods", description="Pods", vpc_id=vpc_id)
    return str(run.result["security_group"]["id"])


def rules(ec2: Any, group_id: str, egress: bool = False) -> set[tuple[Any, ...]]:
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])
    return {
        (
            rule["IpProtocol"],
            rule["FromPort"],
            rule["ToPort"],
            rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule["ReferencedGroupInfo"]["GroupId"],
            rule.get("Description"),
        )
        for rule in found["SecurityGroupRules"]
        if rule["IsEgress"] == egress
    }


def open_by_hand(ec2: Any, group_id: str, **side: Any) -> None:
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[{**permission, **side}])


def test_a_new_group_has_no_rule(ec2: Any, options: dict[str, Any]) -> None:
    group = four_steps("security_group", **options).result["security_group"]
    [made] = ec2.describe_security_groups(GroupIds=[group["id"]])["SecurityGroups"]
    assert {tag["Key"]: tag["Value"] for tag in made["Tags"]} == {**TAGS, "Name": "notejam-nodes"}
    assert made["Description"] == "The nodes"
    assert rules(ec2, group["id"]) == rules(ec2, group["id"], egress=True) == set()


def test_a_rule_is_one_for_each_port_and_other_side(ec2: Any, options: dict[str, Any], other_id: str) -> None:
    egress = [{"protocol": "-1", "group_ids": [other_id], "description": "Pods"}]
    run = four_steps("security_group", **options, ingress=[VISITORS], egress=egress)
    group = run.result["security_group"]
    assert group["ingress"] == {
        "tcp 443 0.0.0.0/0": "Visitors",
        "tcp 443 ::/0": "Visitors",
        "tcp 80 0.0.0.0/0": "Visitors",
        "tcp 80 ::/0": "Visitors",
    }
    assert rules(ec2, group["id"]) == {
        ("tcp", port, port, cidr, "Visitors") for port in (80, 443) for cidr in ("0.0.0.0/0", "::/0")
    }
    assert rules(ec2, group["id"], egress=True) == {("-1", -1, -1, other_id, "Pods")}


def test_rules_change_one_by_one_and_none_is_missing_in_between(ec2: Any, options: dict[str, Any]) -> None:
    run_module("security_group", **options, ingress=[VISITORS])
    ingress = [
        {"ports": [443], "cidrs": ["0.0.0.0/0"], "description": "Everybody"},
        {"ports": [443], "cidrs": ["::/0"], "description": "Visitors"},
        {"protocol": "udp", "ports": ["5000-5010"], "cidrs": ["10.0.0.0/8"]},
    ]
    run = four_steps("security_group", **options, ingress=ingress)
    assert run.writes == [
        "AuthorizeSecurityGroupIngress",
        "UpdateSecurityGroupRuleDescriptionsIngress",
        "RevokeSecurityGroupIngress",
    ]
    assert rules(ec2, run.result["security_group"]["id"]) == {
        ("tcp", 443, 443, "0.0.0.0/0", "Everybody"),
        ("tcp", 443, 443, "::/0", "Visitors"),
        ("udp", 5000, 5010, "10.0.0.0/8", None),
    }


def test_a_description_can_be_taken_away(ec2: Any, options: dict[str, Any]) -> None:
    run_module("security_group", **options, ingress=[VISITORS])
    run = four_steps("security_group", **options, ingress=[{**VISITORS, "description": ""}])
    assert {rule[-1] for rule in rules(ec2, run.result["security_group"]["id"])} == {None}


def test_rules_that_the_task_leaves_out_stay(ec2: Any, options: dict[str, Any]) -> None:
    group_id = run_module("security_group", **options).result["security_group"]["id"]
    open_by_hand(ec2, group_id)
    assert not run_module("security_group", **options).changed
    assert len(rules(ec2, group_id)) == 1


def test_tags_that_the_task_leaves_out_stay(ec2: Any, options: dict[str, Any]) -> None:
    run_module("security_group", **options)
    untagged = {key: value for key, value in options.items() if key != "tags"}
    run = four_steps("security_group", **untagged, ingress=[VISITORS])
    assert run.result["security_group"]["tags"] == {**TAGS, "Name": "notejam-nodes"}


def test_a_rule_by_hand_is_removed(ec2: Any, options: dict[str, Any]) -> None:
    group_id = run_module("security_group", **options, ingress=[VISITORS]).result["security_group"]["id"]
    open_by_hand(ec2, group_id)
    run = four_steps("security_group", **options, ingress=[VISITORS])
    assert run.writes == ["RevokeSecurityGroupIngress"]
    assert run.result["diff"]["before"]["ingress"].keys() - run.result["diff"]["after"]["ingress"].keys() == {
        "tcp 22 10.0.0.0/8"
    }
    assert len(rules(ec2, group_id)) == 4


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_rule_by_hand_is_only_reported_where_one_wants(
    ec2: Any, options: dict[str, Any], check_mode: bool
) -> None:
    declared = {**options, "ingress": [VISITORS], "egress": []}
    group_id = run_module("security_group", **declared).result["security_group"]["id"]
    open_by_hand(ec2, group_id)
    [rule_id] = [
        rule["SecurityGroupRuleId"]
        for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]
        if (rule["GroupId"], rule["FromPort"]) == (group_id, 22)
    ]
    run = run_module("security_group", check_mode=check_mode, **declared, foreign_rules="report")
    assert not run.changed
    assert run.writes == []
    assert run.result["security_group"]["foreign_rules"] == [f"ingress tcp 22 10.0.0.0/8 ({rule_id})"]
    # Ansible keeps the warnings of a process.
    [warning] = [str(warning) for warning in run.result["warnings"] if group_id in str(warning)]
    assert f"notejam-nodes ({group_id})" in warning
    assert f"ingress tcp 22 10.0.0.0/8 ({rule_id})" in warning


def test_what_is_declared_is_mended_beside_a_reported_rule(ec2: Any, options: dict[str, Any]) -> None:
    declared = {**options, "ingress": [VISITORS], "foreign_rules": "report"}
    group_id = run_module("security_group", **declared).result["security_group"]["id"]
    open_by_hand(ec2, group_id)
    ec2.revoke_security_group_ingress(
        GroupId=group_id, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0"
    )
    assert four_steps("security_group", **declared).writes == ["AuthorizeSecurityGroupIngress"]
    assert len(rules(ec2, group_id)) == 5


def test_a_vpcs_default_group_is_emptied_and_not_made(ec2: Any, vpc_id: str) -> None:
    options = {"name": "default", "description": "default VPC security group", "vpc_id": vpc_id}
    run = four_steps("security_group", **options, tags={"Name": "closed"}, ingress=[], egress=[])
    group = run.result["security_group"]
    assert group["tags"] == {"Name": "closed"}
    assert rules(ec2, group["id"]) == rules(ec2, group["id"], egress=True) == set()
    missing = run_module("security_group", **{**options, "vpc_id": "vpc-0123456789abcdef0"})
    assert "AWS alone can make one" in missing.result["msg"]


def test_a_group_goes_though_others_name_it(ec2: Any, options: dict[str, Any], other_id: str) -> None:
    group_id = run_module("security_group", **options).result["security_group"]["id"]
    naming = [{"protocol": "-1", "group_ids": [group_id]}]
    run_module("security_group", **options, ingress=naming)
    run_module(
        "security_group",
        name="notejam-pods",
        description="Pods",
        vpc_id=options["vpc_id"],
        ingress=[*naming, {"ports": [1], "cidrs": ["10.0.0.0/8"]}],
        egress=naming,
    )
    four_steps("security_group", **options, state="absent")
    assert group_id not in {group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]}
    assert rules(ec2, other_id) == {("tcp", 1, 1, "10.0.0.0/8", None)}


def test_a_group_in_use_stays_and_the_run_says_so(ec2: Any, options: dict[str, Any]) -> None:
    group_id = run_module("security_group", **options).result["security_group"]["id"]
    subnet = ec2.create_subnet(VpcId=options["vpc_id"], CidrBlock="192.168.0.0/24")["Subnet"]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet, Groups=[group_id])
    run = run_module("security_group", **options, state="absent", wait_timeout=0)
    assert "Security group notejam-nodes is still in use" in run.result["msg"]


def test_its_description_cannot_change(options: dict[str, Any]) -> None:
    run_module("security_group", **options)
    run = run_module("security_group", **{**options, "description": "Pods"})
    assert "description is 'The nodes' and the task asks for 'Pods'" in run.result["msg"]
    assert run.writes == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"ports": [80]}, "has no other side"),
        ({"cidrs": ["10.0.0.0/8"]}, "of protocol tcp needs ports"),
        ({"protocol": "-1", "ports": [80], "cidrs": ["10.0.0.0/8"]}, "of protocol -1 has no ports"),
        ({"protocol": "http", "ports": [80], "cidrs": ["10.0.0.0/8"]}, "'http' is no protocol"),
        ({"ports": [65536], "cidrs": ["10.0.0.0/8"]}, "'65536' is neither a port"),
        ({"ports": ["10-9"], "cidrs": ["10.0.0.0/8"]}, "'10-9' is neither a port"),
        ({"ports": ["ssh"], "cidrs": ["10.0.0.0/8"]}, "'ssh' is neither a port"),
        ({"ports": [80], "cidrs": ["10.0.0.1/8"]}, "'10.0.0.1/8' is no range"),
        ({"ports": [80], "cidrs": ["2001:DB8::/32"]}, "would store '2001:DB8::/32' as '2001:db8::/32'"),
        ({"ports": [80], "cidrs": ["10.0.0.0/8"], "description": "<all>"}, "cannot describe a rule"),
        ({"ports": [80, "80-80"], "cidrs": ["10.0.0.0/8"]}, "'tcp 80 10.0.0.0/8' is declared twice"),
    ],
)
def test_what_ec2_would_refuse_is_refused_before_any_call(
    options: dict[str, Any], rule: dict[str, Any], message: str
) -> None:
    run = run_module("security_group", **options, ingress=[rule])
    assert message in run.result["msg"]
    assert run.operations == []
