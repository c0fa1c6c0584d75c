"""The module lambda_function: check, do, check again, do again, on functions that really run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.notejam.platform.plugins.module_utils import lambda_configuration

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("cloud")

ACCOUNT = "123456789012"
NAME = "notejam-test-rotate-django"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
GRANT = {"sid": "SecretsManager", "principal": "secretsmanager.amazonaws.com", "source_account": ACCOUNT}
ECHO = "import os\ndef handler(event, context):\n    return [event, os.environ.get('GREETING')]\n"


@pytest.fixture
def api() -> Any:
    return boto3.client("lambda")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "main.py").write_text(ECHO)
    return folder


@pytest.fixture
def function(source: Path) -> dict[str, Any]:
    role = boto3.client("iam").create_role(RoleName="rotation", AssumeRolePolicyDocument=json.dumps(TRUST))
    return {
        "name": NAME,
        "description": "Rotates Django's secret key",
        "role_arn": role["Role"]["Arn"],
        "source": str(source),
        "environment": {"GREETING": "Hi"},
        "log_group": "/notejam/test/rotation",
        "permissions": [GRANT],
        "tags": {"Name": NAME, "platform:component": "secrets"},
    }


def test_creates_a_function_that_runs(api: Any, function: dict[str, Any]) -> None:
    done = four_steps("lambda_function", **function)
    assert done.writes == ["CreateFunction", "AddPermission"]
    made = done.result["lambda_function"]
    assert made["arn"] == f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{NAME}"
    assert made["permissions"] == [GRANT]
    told = api.get_function(FunctionName=NAME)
    assert told["Tags"] == function["tags"]
    assert told["Configuration"]["CodeSha256"] == made["code_sha256"]
    assert (told["Configuration"]["Runtime"], told["Configuration"]["Architectures"]) == (
        "python3.13",
        ["arm64"],
    )
    assert told["Configuration"]["LoggingConfig"]["LogGroup"] == "/notejam/test/rotation"
    answer = api.invoke(FunctionName=NAME, Payload=b'"event"')
    assert json.loads(answer["Payload"].read()) == ["event", "Hi"]


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"timeout": 60, "memory_size": 256}, ["UpdateFunctionConfiguration"]),
        ({"description": "Rotates"}, ["UpdateFunctionConfiguration"]),
        ({"environment": {}}, ["UpdateFunctionConfiguration"]),
        ({"environment": {"NUMBER": 1}}, ["UpdateFunctionConfiguration"]),
        ({"log_group": "/notejam/test/other"}, ["UpdateFunctionConfiguration"]),
        ({"architecture": "x86_64"}, ["UpdateFunctionCode"]),
        ({"architecture": "x86_64", "timeout": 60}, ["UpdateFunctionCode", "UpdateFunctionConfiguration"]),
        ({"permissions": []}, ["RemovePermission"]),
        ({"permissions": [GRANT, {"sid": "S3", "principal": "s3.amazonaws.com"}]}, ["AddPermission"]),
        (
            {"permissions": [{**GRANT, "source_account": "210987654321"}]},
            ["RemovePermission", "AddPermission"],
        ),
        ({"tags": {"Name": NAME}}, ["UntagResource"]),
        ({"tags": {"Name": "other", "platform:component": "secrets"}}, ["TagResource"]),
    ],
)
def test_changes_only_what_differs(
    function: dict[str, Any], change: dict[str, Any], writes: list[str]
) -> None:
    run_module("lambda_function", **function)
    assert four_steps("lambda_function", **function | change).writes == writes


def test_a_change_of_the_code_shows_as_its_checksum(api: Any, function: dict[str, Any], source: Path) -> None:
    first = run_module("lambda_function", **function).result["lambda_function"]["code_sha256"]
    (source / "main.py").write_text(ECHO.replace("return [", "return ['changed', "))
    done = four_steps("lambda_function", **function)
    assert done.writes == ["UpdateFunctionCode"]
    diff = done.result["diff"]
    assert diff["before"]["code_sha256"] == first != diff["after"]["code_sha256"]
    differing = {key for key in diff["after"] if diff["before"].get(key) != diff["after"][key]}
    assert differing == {"code_sha256"}
    assert json.loads(api.invoke(FunctionName=NAME)["Payload"].read()) == ["changed", {}, "Hi"]


def test_repairs_what_was_changed_by_hand(api: Any, function: dict[str, Any]) -> None:
    run_module("lambda_function", **function)
    api.update_function_configuration(FunctionName=NAME, Timeout=3)
    api.remove_permission(FunctionName=NAME, StatementId="SecretsManager")
    api.add_permission(
        FunctionName=NAME, StatementId="Everybody", Action="lambda:*", Principal="210987654321"
    )
    done = four_steps("lambda_function", **function)
    assert done.writes == ["UpdateFunctionConfiguration", "RemovePermission", "AddPermission"]
    [statement] = json.loads(api.get_policy(FunctionName=NAME)["Policy"])["Statement"]
    assert statement["Sid"] == "SecretsManager"


def test_is_connected_to_a_network_and_detached(function: dict[str, Any]) -> None:
    boto3.client("iam").attach_role_policy(
        RoleName="rotation",
        PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
    )
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"]
        for number in (0, 1)
    ]
    group = ec2.create_security_group(VpcId=vpc, GroupName="rotation", Description="rotation")["GroupId"]
    network = {"subnet_ids": subnets, "security_group_ids": [group]}
    made = four_steps("lambda_function", **function, vpc=network).result["lambda_function"]
    assert made["vpc"] == network
    turned = {"subnet_ids": subnets[::-1], "security_group_ids": [group]}
    assert not run_module("lambda_function", **function, vpc=turned).changed
    assert not run_module("lambda_function", **function).changed
    nothing: dict[str, Any] = {"subnet_ids": [], "security_group_ids": []}
    assert four_steps("lambda_function", **function, vpc=nothing).writes == ["UpdateFunctionConfiguration"]
    # Deleted, it holds neither the group nor the subnets any more.
    run_module("lambda_function", **function, vpc=network)
    run_module("lambda_function", name=NAME, state="absent")
    ec2.delete_security_group(GroupId=group)
    for subnet in subnets:
        ec2.delete_subnet(SubnetId=subnet)


def test_a_connection_that_another_function_shares_is_not_waited_for(function: dict[str, Any]) -> None:
    boto3.client("iam").attach_role_policy(
        RoleName="rotation",
        PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
    )
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="rotation", Description="rotation")["GroupId"]
    other = {**function, "name": "other", "vpc": {"subnet_ids": [subnet], "security_group_ids": [group]}}
    run_module("lambda_function", **other)
    shared = f"AWS Lambda VPC ENI-{NAME}-1"
    ec2.create_network_interface(SubnetId=subnet, Groups=[group], Description=shared)
    run = run_module("lambda_function", name=NAME, state="absent", wait_timeout=1)
    assert "failed" not in run.result
    run_module("lambda_function", **other | {"vpc": {"subnet_ids": [], "security_group_ids": []}})
    run = run_module("lambda_function", name=NAME, state="absent", wait_timeout=1)
    assert "is still being removed" in run.result["msg"]


def test_is_deleted(api: Any, function: dict[str, Any]) -> None:
    run_module("lambda_function", **function)
    assert four_steps("lambda_function", name=NAME, state="absent").writes == ["DeleteFunction"]
    assert api.list_functions()["Functions"] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"memory_size": 64}, "memory_size is 64, but Lambda takes 128 to 10240 MiB"),
        ({"timeout": 901}, "timeout is 901, but Lambda takes 1 to 900 seconds"),
        ({"source": "/nowhere"}, "/nowhere is no folder on the control node"),
        ({"packages": ["not-there-at-all"]}, "is not installed on the control node"),
        ({"handler": "rotate.handler"}, "has no rotate.py"),
        ({"role_arn": None}, "role_arn"),
    ],
)
def test_what_cannot_be_is_refused_before_any_call(
    function: dict[str, Any], change: dict[str, Any], told: str
) -> None:
    options = {key: value for key, value in {**function, **change}.items() if value is not None}
    for check_mode in (True, False):
        run = run_module("lambda_function", check_mode=check_mode, **options)
        assert run.result["failed"]
        assert told in run.result["msg"]
        assert run.operations == []


def test_a_new_role_is_waited_for_and_another_refused(
    function: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda sees a new role some seconds late; what it never sees is refused with AWS's own words."""
    monkeypatch.setattr(lambda_configuration, "PATIENCE", 2.0)
    monkeypatch.setattr(lambda_configuration, "PAUSE", 1.0)
    none = f"arn:aws:iam::{ACCOUNT}:role/none"
    run = run_module("lambda_function", **function | {"role_arn": none})
    assert "cannot be assumed by Lambda" in run.result["msg"]
    assert run.writes == ["CreateFunction", "CreateFunction"]
