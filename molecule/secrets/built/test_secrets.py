"""The secrets, who reads them, and what rotates them, as they stand in AWS and in PostgreSQL."""

import json
import os
import time
import uuid
from typing import Any

import boto3
import psycopg
import pytest

REGION = os.environ["AWS_REGION"]
SESSION = boto3.Session(region_name=REGION)
ACCOUNT = SESSION.client("sts").get_caller_identity()["Account"]
SECRET = f"notejam-sandbox-{REGION}"
FUNCTION = "notejam-sandbox-rotate"
PATIENCE = 60  # seconds for a rotation
PURPOSES = ("django", "database")


@pytest.fixture(scope="module")
def manager() -> Any:
    return SESSION.client("secretsmanager")


def value(manager: Any, purpose: str, stage: str = "AWSCURRENT") -> dict[str, Any]:
    answer = manager.get_secret_value(SecretId=f"{SECRET}/{purpose}", VersionStage=stage)
    return dict(json.loads(answer["SecretString"]))


def rotate(manager: Any, purpose: str) -> dict[str, Any]:
    """The secret's value after one rotation more, asked for as a person would."""
    name, token = f"{SECRET}/{purpose}", str(uuid.uuid4())
    manager.rotate_secret(SecretId=name, ClientRequestToken=token)
    deadline = time.monotonic() + PATIENCE
    while "AWSCURRENT" not in manager.describe_secret(SecretId=name)["VersionIdsToStages"].get(token, []):
        assert time.monotonic() < deadline, f"{name} was not rotated"
        time.sleep(0.5)
    return value(manager, purpose)


def sign_in(login: dict[str, Any]) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=login["host"],
        port=login["port"],
        dbname=login["dbname"],
        user=login["username"],
        password=login["password"],
        sslmode="require",
        autocommit=True,
    )


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_secret_is_rotated_each_month_by_its_function(manager: Any, purpose: str) -> None:
    secret = manager.describe_secret(SecretId=f"{SECRET}/{purpose}")
    assert secret["RotationEnabled"]
    assert secret["RotationRules"]["AutomaticallyAfterDays"] == 30
    assert secret["RotationLambdaARN"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}-{purpose}"
    assert "LastRotatedDate" in secret
    assert [labels for labels in secret["VersionIdsToStages"].values() if labels == ["AWSPENDING"]] == []


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_secret_is_encrypted_with_the_sites_key(manager: Any, purpose: str) -> None:
    key = SESSION.client("kms").describe_key(KeyId="alias/notejam-sandbox-secrets")["KeyMetadata"]["Arn"]
    assert manager.describe_secret(SecretId=f"{SECRET}/{purpose}")["KmsKeyId"] == key


@pytest.mark.parametrize("purpose", PURPOSES)
def test_only_who_needs_it_reads_a_secret(manager: Any, purpose: str) -> None:
    policy = json.loads(manager.get_resource_policy(SecretId=f"{SECRET}/{purpose}")["ResourcePolicy"])
    (statement,) = policy["Statement"]
    readers = set(statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"])
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert f"arn:aws:iam::{ACCOUNT}:role/notejam-sandbox-application-{REGION}" in readers
    rotators = {arn for arn in readers if "rotate" in arn}
    assert rotators == {f"arn:aws:iam::{ACCOUNT}:role/{FUNCTION}-{purpose}-{REGION}"}


def test_djangos_keys_are_long_and_the_next_one_is_known_before(manager: Any) -> None:
    before = value(manager, "django")
    after = rotate(manager, "django")
    for keys in (before, after):
        assert min(map(len, (keys["secret_key"], *keys["fallbacks"]))) >= 50
    assert after["secret_key"] == before["fallbacks"][0]
    assert before["secret_key"] in after["fallbacks"]


def test_the_databases_secret_says_all_that_the_application_needs(manager: Any) -> None:
    found = value(manager, "database")
    answer = SESSION.client("rds").describe_db_clusters(DBClusterIdentifier="notejam-sandbox")
    (cluster,) = answer["DBClusters"]
    assert found.keys() == {"engine", "host", "reader_host", "port", "dbname", "username", "password"}
    assert (found["host"], found["reader_host"]) == (cluster["Endpoint"], cluster["ReaderEndpoint"])
    assert (str(found["port"]), found["dbname"]) == (str(cluster["Port"]), cluster["DatabaseName"])
    assert found["username"] != cluster["MasterUsername"]


def test_the_application_signs_in_as_either_user_while_the_secret_is_rotated(manager: Any) -> None:
    before = value(manager, "database")
    with sign_in(before) as connected:
        after = rotate(manager, "database")
        assert {before["username"], after["username"]} == {"notejam_app_a", "notejam_app_b"}
        assert value(manager, "database", "AWSPREVIOUS") == before
        for user in (connected, sign_in(before), sign_in(after)):
            assert user.execute("SELECT current_user::text").fetchone() == ("notejam_app",)
            user.execute("CREATE TABLE IF NOT EXISTS rotation (id int)")
        owner = connected.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'rotation'").fetchone()
        connected.execute("DROP TABLE rotation")
    assert owner == ("notejam_app",)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_function_is_invoked_by_secrets_manager_for_its_secret_only(manager: Any, purpose: str) -> None:
    answer = SESSION.client("lambda").get_policy(FunctionName=f"{FUNCTION}-{purpose}")
    (statement,) = json.loads(answer["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "secretsmanager.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"AWS:SourceAccount": ACCOUNT},
        "ArnLike": {"AWS:SourceArn": manager.describe_secret(SecretId=f"{SECRET}/{purpose}")["ARN"]},
    }


def test_only_the_databases_function_is_in_the_network() -> None:
    functions = SESSION.client("lambda")
    found = {
        purpose: functions.get_function(FunctionName=f"{FUNCTION}-{purpose}")["Configuration"]
        for purpose in PURPOSES
    }
    group = SESSION.client("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["notejam-sandbox-rotation"]}]
    )["SecurityGroups"][0]["GroupId"]
    assert found["database"]["VpcConfig"]["SecurityGroupIds"] == [group]
    assert len(found["database"]["VpcConfig"]["SubnetIds"]) == 3
    assert not found["django"].get("VpcConfig", {}).get("SubnetIds")
    for purpose in PURPOSES:
        role = SESSION.client("iam").get_role(RoleName=found[purpose]["Role"].rpartition("/")[2])["Role"]
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("boundary-global")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_logs_are_encrypted_and_kept_for_a_while_and_tell_no_secret(manager: Any, purpose: str) -> None:
    logs, group = SESSION.client("logs"), f"/aws/lambda/{FUNCTION}-{purpose}"
    (found,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    key = SESSION.client("kms").describe_key(KeyId="alias/notejam-sandbox-logs")["KeyMetadata"]["Arn"]
    assert (found["retentionInDays"], found["kmsKeyId"]) == (90, key)
    told = "\n".join(event["message"] for event in logs.filter_log_events(logGroupName=group)["events"])
    assert "finishSecret" in told
    current = value(manager, purpose)
    hidden = [current.get("password"), current.get("secret_key"), *current.get("fallbacks", [])]
    assert [secret for secret in filter(None, hidden) if secret in told] == []
