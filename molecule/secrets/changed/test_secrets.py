"""The secrets after the change of the inventory."""

import json
import os

import boto3
import pytest

SESSION = boto3.Session(region_name=os.environ["AWS_REGION"])
SECRET = f"notejam-sandbox-{os.environ['AWS_REGION']}"
FUNCTION = "notejam-sandbox-rotate"


@pytest.mark.parametrize("purpose", ["django", "database"])
def test_secrets_are_rotated_each_week(purpose: str) -> None:
    secret = SESSION.client("secretsmanager").describe_secret(SecretId=f"{SECRET}/{purpose}")
    assert secret["RotationEnabled"]
    assert secret["RotationRules"]["AutomaticallyAfterDays"] == 7


@pytest.mark.parametrize("purpose", ["django", "database"])
def test_logs_are_kept_for_a_month(purpose: str) -> None:
    group = f"/aws/lambda/{FUNCTION}-{purpose}"
    (found,) = SESSION.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found["retentionInDays"] == 30


def test_one_key_of_djangos_is_kept_beside_the_next() -> None:
    manager = SESSION.client("secretsmanager")
    value = json.loads(manager.get_secret_value(SecretId=f"{SECRET}/django")["SecretString"])
    assert len(value["fallbacks"]) == 2
