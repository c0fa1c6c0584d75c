"""What is left of the secrets: their values, for as long as they can be restored."""

import os

import boto3

SESSION = boto3.Session(region_name=os.environ["AWS_REGION"])


def test_the_secrets_can_still_be_restored() -> None:
    for purpose in ("django", "database"):
        name = f"notejam-sandbox-{os.environ['AWS_REGION']}/{purpose}"
        secret = SESSION.client("secretsmanager").describe_secret(SecretId=name)
        assert "DeletedDate" in secret
        assert not secret.get("RotationEnabled")


def test_nothing_rotates_any_more() -> None:
    assert SESSION.client("lambda").list_functions()["Functions"] == []
    roles = SESSION.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles if "rotate" in role["RoleName"]] == []
    groups = SESSION.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
    assert groups == []
