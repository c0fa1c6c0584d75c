"""Rotation of secrets: real functions in four steps, by AWS's rules where moto's are others."""

import datetime
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from sandbox.aws.cloud import Cloud
from sandbox.aws.secret_rotation import Rotations

ACCOUNT = "123456789012"
STANDBY = "eu-central-1"
DAY = 86400
TOKEN = "11111111-2222-3333-4444-555555555555"
DAYS = {"AutomaticallyAfterDays": 30}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
MAY_ROTATE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            "Resource": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:django-*",
            "Condition": {
                "ArnEquals": {
                    "secretsmanager:resource/AllowRotationLambdaArn": (
                        f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:rotate"
                    )
                }
            },
        }
    ],
}
# As AWS's own rotation functions do it. The secret tells in which step it fails.
ROTATES = """
import boto3

def handler(event, context):
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    api = boto3.client("secretsmanager")
    print(step, sorted(event))
    versions = api.describe_secret(SecretId=secret)["VersionIdsToStages"]
    if "AWSCURRENT" in versions[token]:
        return
    assert "AWSPENDING" in versions[token], versions
    current = api.get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")
    if current["SecretString"] == "fails in " + step:
        raise ValueError("not today")
    if step == "createSecret":
        try:
            api.get_secret_value(SecretId=secret, VersionId=token, VersionStage="AWSPENDING")
        except api.exceptions.ResourceNotFoundException:
            api.put_secret_value(
                SecretId=secret, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
            )
    if step == "testSecret":
        print("tested", api.get_secret_value(SecretId=secret, VersionStage="AWSPENDING")["SecretString"])
    if step == "finishSecret":
        api.update_secret_version_stage(
            SecretId=secret,
            VersionStage="AWSCURRENT",
            MoveToVersionId=token,
            RemoveFromVersionId=current["VersionId"],
        )
"""


def refused(code: str, call: Callable[..., Any], text: str = "", **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    told = error.value.response["Error"]
    assert told["Code"] == code, told
    assert text in told["Message"]


@pytest.fixture
def secrets(client: Any) -> Any:
    api = client("secretsmanager")
    api.create_secret(Name="django", SecretString="old")
    return api


@pytest.fixture
def function(client: Any, later: Callable[[float], None]) -> str:
    """The ARN of a function that rotates, and that Secrets Manager may invoke."""
    iam, api = client("iam"), client("lambda")
    role = iam.create_role(RoleName="rotation", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(
        RoleName="rotation", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    )
    iam.put_role_policy(RoleName="rotation", PolicyName="rotate", PolicyDocument=json.dumps(MAY_ROTATE))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", ROTATES)
    made = api.create_function(
        FunctionName="rotate",
        Role=role,
        Runtime="python3.13",
        Handler="main.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=60,
        MemorySize=256,
    )
    api.add_permission(
        FunctionName="rotate",
        StatementId="rotation",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceAccount=ACCOUNT,
    )
    later(1)
    return str(made["FunctionArn"])


def stages(secrets: Any) -> dict[str, list[str]]:
    return dict(secrets.describe_secret(SecretId="django")["VersionIdsToStages"])


def value(secrets: Any, stage: str | None = None) -> str:
    wanted = {"VersionStage": stage} if stage else {}
    return str(secrets.get_secret_value(SecretId="django", **wanted)["SecretString"])


def printed(client: Any) -> list[str]:
    events = client("logs").filter_log_events(logGroupName="/aws/lambda/rotate")["events"]
    return [event["message"] for event in events]


def test_four_steps_make_a_new_version_current(
    cloud: Cloud, client: Any, secrets: Any, function: str
) -> None:
    asked = secrets.rotate_secret(
        SecretId="django", RotationLambdaARN=function, RotationRules=DAYS, ClientRequestToken=TOKEN
    )
    assert asked["VersionId"] == TOKEN
    # The label is there before the function is, and has no value.
    assert stages(secrets)[TOKEN] == ["AWSPENDING"]
    assert value(secrets) == "old"
    refused(
        "ResourceNotFoundException",
        secrets.get_secret_value,
        "staging label: AWSPENDING",
        SecretId="django",
        VersionStage="AWSPENDING",
    )
    assert "LastRotatedDate" not in secrets.describe_secret(SecretId="django")
    cloud.rotations.step()
    assert (value(secrets), value(secrets, "AWSPREVIOUS")) == ("new", "old")
    assert "AWSCURRENT" in stages(secrets)[TOKEN]
    told = secrets.describe_secret(SecretId="django")
    assert (told["RotationEnabled"], told["RotationLambdaARN"], told["RotationRules"]) == (
        True,
        function,
        DAYS,
    )
    assert (told["NextRotationDate"] - told["LastRotatedDate"]).days == 30
    steps = [
        line.split()[0] for line in printed(client) if line.startswith(("create", "set", "test", "finish"))
    ]
    assert steps == ["createSecret", "setSecret", "testSecret", "tested", "finishSecret"]
    assert "createSecret ['ClientRequestToken', 'SecretId', 'Step']" in printed(client)
    # The same request again rotates nothing again.
    secrets.rotate_secret(SecretId="django", ClientRequestToken=TOKEN)
    cloud.rotations.step()
    assert (value(secrets), value(secrets, "AWSPREVIOUS")) == ("new", "old")


def test_a_replica_gets_the_new_value_and_is_not_rotated(
    cloud: Cloud, client: Any, secrets: Any, function: str
) -> None:
    secrets.replicate_secret_to_regions(SecretId="django", AddReplicaRegions=[{"Region": STANDBY}])
    there = client("secretsmanager", region=STANDBY)
    for call in (there.rotate_secret, there.cancel_rotate_secret):
        refused("InvalidRequestException", call, "primary secret's region", SecretId="django")
    secrets.rotate_secret(SecretId="django", RotationLambdaARN=function, RotationRules=DAYS)
    cloud.rotations.step()
    assert value(there) == "new"


def test_a_failed_step_leaves_the_secret_and_is_attempted_again(
    cloud: Cloud, client: Any, secrets: Any, function: str, later: Callable[[float], None]
) -> None:
    secrets.put_secret_value(SecretId="django", SecretString="fails in testSecret")
    secrets.rotate_secret(
        SecretId="django", RotationLambdaARN=function, RotationRules=DAYS, ClientRequestToken=TOKEN
    )
    cloud.rotations.step()
    assert value(secrets) == "fails in testSecret"
    assert stages(secrets)[TOKEN] == ["AWSPENDING"]
    assert value(secrets, "AWSPENDING") == "new"
    assert any(line.startswith("[ERROR] ValueError: not today") for line in printed(client))
    attempts = printed(client).count("createSecret ['ClientRequestToken', 'SecretId', 'Step']")
    cloud.rotations.step()  # not at once
    assert printed(client).count("createSecret ['ClientRequestToken', 'SecretId', 'Step']") == attempts
    later(5)
    cloud.rotations.step()
    assert printed(client).count("createSecret ['ClientRequestToken', 'SecretId', 'Step']") == attempts + 1
    refused(
        "InvalidRequestException",
        secrets.rotate_secret,
        "A previous rotation isn't complete",
        SecretId="django",
    )
    # Once the cause is gone, what was refused is attempted again and completes.
    secrets.put_secret_value(SecretId="django", SecretString="mended")
    cloud.rotations.step()
    assert (value(secrets), value(secrets, "AWSPREVIOUS")) == ("new", "mended")


def test_without_rotating_at_once_only_the_test_runs(
    cloud: Cloud, client: Any, secrets: Any, function: str
) -> None:
    secrets.rotate_secret(
        SecretId="django", RotationLambdaARN=function, RotationRules=DAYS, RotateImmediately=False
    )
    cloud.rotations.step()
    assert value(secrets) == "old"
    assert list(stages(secrets).values()) == [["AWSCURRENT"]]
    assert "tested old" in printed(client)
    assert not any(line.startswith("createSecret") for line in printed(client))
    assert "LastRotatedDate" not in secrets.describe_secret(SecretId="django")


def test_a_due_rotation_happens_by_itself(
    cloud: Cloud,
    secrets: Any,
    function: str,
    later: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The function's own clock stays behind the one that the test moves.
    monkeypatch.setattr("sandbox.aws.principals.LONGEST_SKEW", datetime.timedelta(days=1))
    rules = {"ScheduleExpression": "rate(4 hours)", "Duration": "1h"}
    secrets.rotate_secret(SecretId="django", RotationLambdaARN=function, RotationRules=rules)
    told = secrets.describe_secret(SecretId="django")["RotationRules"]
    assert told == {**rules, "AutomaticallyAfterDays": 1}
    cloud.rotations.step()
    first = secrets.get_secret_value(SecretId="django")["VersionId"]
    cloud.rotations.step()
    assert secrets.get_secret_value(SecretId="django")["VersionId"] == first
    later(4 * 3600)
    cloud.rotations.step()
    assert secrets.get_secret_value(SecretId="django")["VersionId"] != first
    assert secrets.get_secret_value(SecretId="django", VersionStage="AWSPREVIOUS")["VersionId"] == first


def test_a_value_written_by_hand_puts_the_next_rotation_off(
    secrets: Any, function: str, later: Callable[[float], None]
) -> None:
    secrets.rotate_secret(
        SecretId="django", RotationLambdaARN=function, RotationRules=DAYS, RotateImmediately=False
    )
    before = secrets.describe_secret(SecretId="django")["NextRotationDate"]
    later(600)
    secrets.put_secret_value(SecretId="django", SecretString="by hand")
    after = secrets.describe_secret(SecretId="django")["NextRotationDate"]
    assert (after - before).total_seconds() == pytest.approx(600, abs=60)


def test_who_may_not_invoke_the_function_cannot_rotate(client: Any, secrets: Any, function: str) -> None:
    asked = {"SecretId": "django", "RotationRules": DAYS}
    missing = function.replace(":rotate", ":none")
    for arn in (missing, function.replace("rotate", "rotate:1")):
        refused(
            "AccessDeniedException",
            secrets.rotate_secret,
            "Ensure that the function policy",
            **asked,
            RotationLambdaARN=arn,
        )
    client("lambda").remove_permission(FunctionName="rotate", StatementId="rotation")
    refused("AccessDeniedException", secrets.rotate_secret, **asked, RotationLambdaARN=function)
    assert "RotationEnabled" not in secrets.describe_secret(SecretId="django")
    assert list(stages(secrets).values()) == [["AWSCURRENT"]]


@pytest.mark.parametrize(
    "rules",
    [
        {"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)"},
        {"Duration": "3h"},
        {"ScheduleExpression": "rate(1 hour)"},
        {"ScheduleExpression": "rate(1001 days)"},
        {"ScheduleExpression": "cron(0 2 * * * *)"},
        {"ScheduleExpression": "rate(4 hours)", "Duration": "5h"},
        {"AutomaticallyAfterDays": 30, "Duration": "25h"},
        {"AutomaticallyAfterDays": 30, "Duration": "3 hours"},
    ],
)
def test_rules_that_aws_refuses(secrets: Any, function: str, rules: dict[str, Any]) -> None:
    refused(
        "InvalidParameterException",
        secrets.rotate_secret,
        SecretId="django",
        RotationLambdaARN=function,
        RotationRules=rules,
    )


@pytest.mark.parametrize("missing", ["PutSecretValue", "UpdateSecretVersionStage"])
def test_a_function_needs_its_roles_permissions(
    cloud: Cloud, client: Any, secrets: Any, function: str, missing: str
) -> None:
    less = json.dumps(MAY_ROTATE).replace(f"secretsmanager:{missing}", "secretsmanager:ListSecrets")
    client("iam").put_role_policy(RoleName="rotation", PolicyName="rotate", PolicyDocument=less)
    secrets.rotate_secret(SecretId="django", RotationLambdaARN=function, RotationRules=DAYS)
    cloud.rotations.step()
    assert value(secrets) == "old"
    [error] = [line for line in printed(client) if line.startswith("[ERROR]")]
    assert f"is not authorized to perform: secretsmanager:{missing}" in error


def test_a_boundary_limits_what_a_function_may(
    cloud: Cloud, client: Any, secrets: Any, function: str
) -> None:
    boundary = json.dumps(MAY_ROTATE).replace("secret:django-*", "secret:other-*")
    policy = client("iam").create_policy(PolicyName="boundary", PolicyDocument=boundary)["Policy"]["Arn"]
    client("iam").put_role_permissions_boundary(RoleName="rotation", PermissionsBoundary=policy)
    secrets.rotate_secret(SecretId="django", RotationLambdaARN=function, RotationRules=DAYS)
    cloud.rotations.step()
    assert value(secrets) == "old"


def test_cancelled_it_is_not_rotated_any_more(
    cloud: Cloud, secrets: Any, function: str, later: Callable[[float], None]
) -> None:
    refused("InvalidRequestException", secrets.cancel_rotate_secret, SecretId="django")
    secrets.rotate_secret(
        SecretId="django", RotationLambdaARN=function, RotationRules=DAYS, RotateImmediately=False
    )
    cloud.rotations.step()
    secrets.cancel_rotate_secret(SecretId="django")
    told = secrets.describe_secret(SecretId="django")
    assert told["RotationEnabled"] is False
    assert "NextRotationDate" not in told
    later(31 * DAY)
    cloud.rotations.step()
    where = cloud.clients.get("secretsmanager", ACCOUNT, "eu-west-1")
    assert where.get_secret_value(SecretId="django")["SecretString"] == "old"


def test_labels_move_as_aws_moves_them(secrets: Any) -> None:
    [first] = stages(secrets)
    second = secrets.put_secret_value(
        SecretId="django", SecretString="two", VersionStages=["AWSPENDING"], ClientRequestToken=TOKEN
    )["VersionId"]
    move = secrets.update_secret_version_stage
    asked = {"SecretId": "django", "VersionStage": "AWSCURRENT"}
    refused("InvalidParameterException", move, "can't be empty", **asked, MoveToVersionId=second)
    refused(
        "InvalidParameterException",
        move,
        "it must be set to the version that currently has",
        **asked,
        MoveToVersionId=second,
        RemoveFromVersionId=second,
    )
    refused(
        "InvalidParameterException", move, "can't be completely removed", **asked, RemoveFromVersionId=first
    )
    refused("InvalidParameterException", move, "Not a valid version", **asked, MoveToVersionId="0" * 32)
    move(**asked, MoveToVersionId=second, RemoveFromVersionId=first)
    assert value(secrets) == "two"
    assert stages(secrets)[first] == ["AWSPREVIOUS"]
    move(**asked, MoveToVersionId=second)  # already there
    move(SecretId="django", VersionStage="AWSPENDING", RemoveFromVersionId=second)
    assert stages(secrets)[second] == ["AWSCURRENT"]


def test_a_version_is_written_once(secrets: Any) -> None:
    asked = {"SecretId": "django", "ClientRequestToken": TOKEN, "VersionStages": ["AWSPENDING"]}
    secrets.put_secret_value(**asked, SecretString="two")
    assert secrets.put_secret_value(**asked, SecretString="two")["VersionId"] == TOKEN
    refused("ResourceExistsException", secrets.put_secret_value, **asked, SecretString="three")
    assert value(secrets, "AWSPENDING") == "two"


def test_versions_without_labels_are_deprecated(secrets: Any) -> None:
    for number in ("two", "three"):
        secrets.put_secret_value(SecretId="django", SecretString=number)
    told = secrets.list_secret_version_ids(SecretId="django")
    assert told["ARN"] == secrets.describe_secret(SecretId="django")["ARN"]
    assert sorted(each["VersionStages"] for each in told["Versions"]) == [["AWSCURRENT"], ["AWSPREVIOUS"]]
    every = secrets.list_secret_version_ids(SecretId="django", IncludeDeprecated=True)["Versions"]
    assert len(every) == 3
    assert len(stages(secrets)) == 2


def test_a_rotation_goes_on_after_a_restart(cloud: Cloud, secrets: Any, function: str) -> None:
    """What is under way is kept, and the journal brings the label back."""
    secrets.rotate_secret(SecretId="django", RotationLambdaARN=function, RotationRules=DAYS)
    before = stages(secrets)
    BackendDict.reset()
    cloud.emulator.replay()  # type: ignore[attr-defined]
    assert stages(secrets) == before
    Rotations(cloud.documents, cloud.times, cloud.clients, cloud.functions.invocations).step()
    assert value(secrets) == "new"
