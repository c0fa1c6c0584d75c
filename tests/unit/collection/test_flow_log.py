"""The module flow_log: check, do, check again, do again; replacement; a role that cannot write."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("strict_account")

TAGS = {"platform:site": "test_eu_west_1"}


def role(name: str, service: str = "vpc-flow-logs.amazonaws.com", *actions: str) -> str:
    iam = boto3.client("iam")
    principal = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [principal]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if actions:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:logs:*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="write", PolicyDocument=policy)
    return str(arn)


@pytest.fixture
def ec2() -> Any:
    return boto3.client("ec2", "eu-west-1")


@pytest.fixture
def options(ec2: Any) -> dict[str, Any]:
    boto3.client("logs", "eu-west-1").create_log_group(logGroupName="/test/flow-logs")
    return {
        "name": "notejam-test",
        "vpc_id": ec2.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"],
        "log_group_name": "/test/flow-logs",
        "role_arn": role(
            "writer", "vpc-flow-logs.amazonaws.com", "logs:CreateLogStream", "logs:PutLogEvents"
        ),
        "tags": TAGS,
    }


def test_a_flow_log_writes_all_traffic_to_its_group(ec2: Any, options: dict[str, Any]) -> None:
    made = four_steps("flow_log", **options).result["flow_log"]
    [log] = ec2.describe_flow_logs()["FlowLogs"]
    assert (log["FlowLogId"], log["TrafficType"], log["DeliverLogsStatus"]) == (made["id"], "ALL", "SUCCESS")
    assert {tag["Key"]: tag["Value"] for tag in log["Tags"]} == {**TAGS, "Name": "notejam-test"}


def test_a_change_replaces_it_and_leaves_one(ec2: Any, options: dict[str, Any]) -> None:
    old = run_module("flow_log", **options).result["flow_log"]["id"]
    assert four_steps("flow_log", **options, max_aggregation_interval=60).writes == [
        "DeleteFlowLogs",
        "CreateFlowLogs",
    ]
    [log] = ec2.describe_flow_logs()["FlowLogs"]
    assert log["MaxAggregationInterval"] == 60
    assert log["FlowLogId"] != old


def test_another_log_group_gets_its_log_before_the_old_one_goes(ec2: Any, options: dict[str, Any]) -> None:
    boto3.client("logs", "eu-west-1").create_log_group(logGroupName="/test/other")
    run_module("flow_log", **options)
    run = four_steps("flow_log", **{**options, "log_group_name": "/test/other"})
    assert run.writes == ["CreateFlowLogs", "DeleteFlowLogs"]
    [log] = ec2.describe_flow_logs()["FlowLogs"]
    assert log["LogGroupName"] == "/test/other"


def test_tags_change_in_place(options: dict[str, Any]) -> None:
    run_module("flow_log", **options)
    run = four_steps("flow_log", **{**options, "tags": {"platform:site": "other"}})
    assert run.writes == ["CreateTags"]


def test_a_role_for_another_service_is_refused(ec2: Any, options: dict[str, Any]) -> None:
    arn = role("other", "ec2.amazonaws.com", "logs:*")
    run = run_module("flow_log", **{**options, "role_arn": arn}, wait_timeout=0)
    assert arn in run.result["msg"]
    assert "not assumable by vpc-flow-logs.amazonaws.com" in run.result["msg"]
    assert ec2.describe_flow_logs()["FlowLogs"] == []


def test_a_role_that_may_not_write_is_told(options: dict[str, Any]) -> None:
    run = run_module("flow_log", **{**options, "role_arn": role("reader")})
    log_id = run.result["flow_log"]["id"]
    assert [text for text in map(str, run.result["warnings"]) if log_id in text and "Access error" in text]


def test_a_flow_log_goes(ec2: Any, options: dict[str, Any]) -> None:
    run_module("flow_log", **options)
    four_steps("flow_log", **options, state="absent")
    assert ec2.describe_flow_logs()["FlowLogs"] == []
