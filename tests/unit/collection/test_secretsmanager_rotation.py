"""The module secretsmanager_rotation: check, do, check again, do again, with a function that rotates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.notejam.platform.plugins.modules import secretsmanager_rotation

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("cloud")

NAME = "notejam-test-rotate"
SECRET = "notejam-test/django"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ROTATES = """
import boto3

def handler(event, context):
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    api = boto3.client("secretsmanager")
    if step == "createSecret":
        new = {"SecretString": "new " + token, "VersionStages": ["AWSPENDING"]}
        api.put_secret_value(SecretId=secret, ClientRequestToken=token, **new)
    if step == "finishSecret":
        current = api.get_secret_value(SecretId=secret)["VersionId"]
        api.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""
FAILS = """
def handler(event, context):
    raise ConnectionError("postgresql://app:hunter2@database/notejam refused, password=hunter3")
"""


@pytest.fixture
def secrets() -> Any:
    api = boto3.client("secretsmanager")
    api.create_secret(Name=SECRET, SecretString="first")
    return api


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "main.py").write_text(ROTATES)
    return folder


@pytest.fixture
def function(source: Path) -> dict[str, Any]:
    iam = boto3.client("iam")
    role = iam.create_role(RoleName="rotation", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(
        RoleName="rotation", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    )
    policy = {"Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]}
    document = json.dumps({"Version": "2012-10-17", **policy})
    iam.put_role_policy(RoleName="rotation", PolicyName="rotate", PolicyDocument=document)
    options = {
        "name": NAME,
        "role_arn": role["Role"]["Arn"],
        "source": str(source),
        "memory_size": 256,
        "timeout": 60,
        "permissions": [{"sid": "SecretsManager", "principal": "secretsmanager.amazonaws.com"}],
    }
    run_module("lambda_function", **options)
    return options


@pytest.fixture
def rotation(secrets: Any, function: dict[str, Any]) -> dict[str, Any]:
    arn = boto3.client("lambda").get_function_configuration(FunctionName=NAME)["FunctionArn"]
    return {"secret_id": SECRET, "rotation_lambda_arn": arn, "automatically_after_days": 30}


def value(secrets: Any, stage: str = "AWSCURRENT") -> str:
    return str(secrets.get_secret_value(SecretId=SECRET, VersionStage=stage)["SecretString"])


def test_sets_up_the_rotation_and_waits_for_the_first(secrets: Any, rotation: dict[str, Any]) -> None:
    done = four_steps("secretsmanager_rotation", **rotation)
    assert done.writes == ["RotateSecret"]
    assert value(secrets).startswith("new ")
    assert value(secrets, "AWSPREVIOUS") == "first"
    told = done.result["rotation"]
    assert told["rotation_lambda_arn"] == rotation["rotation_lambda_arn"]
    assert told["last_rotated"] < told["next_rotation"]
    assert "first" not in done.output
    assert value(secrets) not in done.output


def test_without_rotating_at_once_the_value_stays(secrets: Any, rotation: dict[str, Any]) -> None:
    done = four_steps("secretsmanager_rotation", **rotation, rotate_immediately=False)
    assert done.result["rotation"]["last_rotated"] == ""
    assert value(secrets) == "first"


def test_changes_and_repairs_the_schedule(secrets: Any, rotation: dict[str, Any]) -> None:
    run_module("secretsmanager_rotation", **rotation)
    schedule = {
        "secret_id": SECRET,
        "rotation_lambda_arn": rotation["rotation_lambda_arn"],
        "schedule_expression": "cron(0 2 ? * SUN#1 *)",
        "duration": "2h",
        "rotate_immediately": False,
    }
    told = four_steps("secretsmanager_rotation", **schedule).result["rotation"]
    assert (told["schedule_expression"], told["duration"]) == ("cron(0 2 ? * SUN#1 *)", "2h")
    secrets.cancel_rotate_secret(SecretId=SECRET)
    assert four_steps("secretsmanager_rotation", **schedule).writes == ["RotateSecret"]
    told = four_steps("secretsmanager_rotation", **rotation, rotate_immediately=False).result["rotation"]
    assert (told["automatically_after_days"], told["schedule_expression"]) == (30, "")


def test_ends_the_rotation_and_leaves_the_value(secrets: Any, rotation: dict[str, Any]) -> None:
    run_module("secretsmanager_rotation", **rotation, rotate_immediately=False)
    assert four_steps("secretsmanager_rotation", secret_id=SECRET, state="absent").writes == [
        "CancelRotateSecret"
    ]
    assert secrets.describe_secret(SecretId=SECRET)["RotationEnabled"] is False
    assert value(secrets) == "first"


def test_a_function_that_fails_is_told_and_a_mended_one_completes_the_rotation(
    secrets: Any,
    rotation: dict[str, Any],
    function: dict[str, Any],
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(secretsmanager_rotation, "PATIENCE_AFTER_ERROR", 0.0)
    (source / "main.py").write_text(FAILS)
    run_module("lambda_function", **function)
    failed = run_module("secretsmanager_rotation", **rotation)
    assert failed.result["failed"]
    assert f"The function {NAME} says: [ERROR] ConnectionError: " in failed.result["msg"]
    assert "hunter" not in failed.output
    assert value(secrets) == "first"
    # Once more without mending: no change, and yet not done.
    assert "does not complete" in run_module("secretsmanager_rotation", **rotation).result["msg"]
    (source / "main.py").write_text(ROTATES)
    run_module("lambda_function", **function)
    again = run_module("secretsmanager_rotation", **rotation)
    assert "failed" not in again.result, again.result
    assert value(secrets).startswith("new ")
    assert not run_module("secretsmanager_rotation", **rotation).changed


def test_a_function_that_may_not_be_invoked_is_refused(secrets: Any, rotation: dict[str, Any]) -> None:
    boto3.client("lambda").remove_permission(FunctionName=NAME, StatementId="SecretsManager")
    run = run_module("secretsmanager_rotation", **rotation)
    assert "Ensure that the function policy grants access" in run.result["msg"]
    assert value(secrets) == "first"


def test_a_secret_that_is_not_there_is_named(rotation: dict[str, Any]) -> None:
    run = run_module("secretsmanager_rotation", **rotation | {"secret_id": "notejam-test/none"})
    assert run.result["msg"] == "There is no secret notejam-test/none in this region."
    assert run.writes == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"automatically_after_days": 0}, "automatically_after_days is 0"),
        ({"automatically_after_days": 1001}, "automatically_after_days is 1001"),
        (
            {"automatically_after_days": None, "schedule_expression": "monthly"},
            "schedule_expression is 'monthly'",
        ),
        ({"duration": "3 hours"}, "duration is '3 hours'"),
        ({"schedule_expression": "rate(30 days)"}, "mutually exclusive"),
        ({"automatically_after_days": None}, "automatically_after_days"),
        ({"rotation_lambda_arn": None}, "rotation_lambda_arn"),
    ],
)
def test_what_cannot_be_is_refused_before_any_call(change: dict[str, Any], told: str) -> None:
    options = {"secret_id": SECRET, "rotation_lambda_arn": "arn", "automatically_after_days": 30}
    given = {key: value for key, value in {**options, **change}.items() if value is not None}
    run = run_module("secretsmanager_rotation", **given)
    assert told in run.result["msg"]
    assert run.operations == []
