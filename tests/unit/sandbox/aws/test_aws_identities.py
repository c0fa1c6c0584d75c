"""STS and IAM's access keys: credentials that the emulated AWS gave out work, and no others."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


def policy(**principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_role_that_trusts_the_caller_is_assumed(client: Any) -> None:
    client("iam").create_role(
        RoleName="deployer",
        Path="/teams/",
        AssumeRolePolicyDocument=policy(AWS=f"arn:aws:iam::{ACCOUNT}:root"),
    )
    role = f"arn:aws:iam::{ACCOUNT}:role/teams/deployer"
    given = client("sts").assume_role(RoleArn=role, RoleSessionName="ci")["Credentials"]
    session = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
    identity = client("sts", **session, aws_session_token=given["SessionToken"]).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/ci"
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client("sts", **session).get_caller_identity()


@pytest.mark.parametrize(
    "trusted", [{"Service": "ec2.amazonaws.com"}, {"AWS": "arn:aws:iam::111122223333:root"}]
)
def test_a_role_that_trusts_others_is_not_assumed(client: Any, trusted: dict[str, str]) -> None:
    client("iam").create_role(RoleName="others", AssumeRolePolicyDocument=policy(**trusted))
    with pytest.raises(ClientError, match="AccessDenied"):
        client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/others", RoleSessionName="session")


def test_a_role_that_does_not_exist_is_not_assumed(client: Any) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/none", RoleSessionName="session")


def test_a_session_ends(client: Any, later: Any) -> None:
    given = client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    sts = client(
        "sts",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    later(901)
    with pytest.raises(ClientError, match="ExpiredToken"):
        sts.get_caller_identity()


def test_a_users_key_works_until_it_is_deactivated_or_deleted(client: Any) -> None:
    iam = client("iam")
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    ada = client("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    assert ada.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/ada"
    named = {"UserName": "ada", "AccessKeyId": key["AccessKeyId"]}
    iam.update_access_key(**named, Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        ada.get_caller_identity()
    iam.update_access_key(**named, Status="Active")
    assert ada.get_caller_identity()["Account"] == ACCOUNT
    iam.delete_access_key(**named)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        ada.get_caller_identity()
