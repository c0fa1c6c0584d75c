"""The gateway: who is let in, what is answered to what nobody serves, and what the log tells."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.settings import Settings


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def status(error: pytest.ExceptionInfo[ClientError]) -> int:
    return int(error.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_the_administrator_is_an_iam_user_of_the_sandboxs_account(client: Any, settings: Settings) -> None:
    identity = client("sts").get_caller_identity()
    assert identity["Account"] == settings.account_id
    assert identity["Arn"] == f"arn:aws:iam::{settings.account_id}:user/administrator"
    assert client("iam").get_user(UserName="administrator")["User"]["UserId"] == identity["UserId"]


UNKNOWN_KEYS: list[tuple[Any, ...]] = [
    ("sts", "get_caller_identity", "InvalidClientTokenId"),
    ("rds", "describe_db_clusters", "InvalidClientTokenId"),
    ("ec2", "describe_vpcs", "AuthFailure"),
    ("eks", "list_clusters", "UnrecognizedClientException"),
    ("kms", "list_keys", "UnrecognizedClientException"),
    ("s3", "list_buckets", "InvalidAccessKeyId"),
]


def test_an_unknown_key_is_refused_as_aws_does(client: Any, subtests: pytest.Subtests) -> None:
    for service, operation, expected in UNKNOWN_KEYS:
        with subtests.test(expected=expected):
            stranger = client(service, aws_access_key_id="AKIANOBODY", aws_secret_access_key="x")
            with pytest.raises(ClientError) as error:
                getattr(stranger, operation)()
            assert code(error) == expected


WRONG_SECRETS: list[tuple[Any, ...]] = [
    ("iam", "list_users", "SignatureDoesNotMatch"),
    ("eks", "list_clusters", "InvalidSignatureException"),
    ("s3", "list_buckets", "SignatureDoesNotMatch"),
]


def test_a_wrong_secret_is_refused(client: Any, settings: Settings, subtests: pytest.Subtests) -> None:
    for service, operation, expected in WRONG_SECRETS:
        with subtests.test(expected=expected):
            impostor = client(
                service, aws_access_key_id=settings.access_key_id, aws_secret_access_key="guessed"
            )
            with pytest.raises(ClientError) as error:
                getattr(impostor, operation)()
            assert code(error) == expected


def test_a_request_without_a_signature_is_refused(endpoint: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{endpoint}/?Action=DescribeVpcs")  # noqa: S310 - the test's own server
    assert error.value.code == 403
    assert b"MissingAuthenticationToken" in error.value.read()


NOT_EMULATED: list[tuple[Any, ...]] = [
    ("ec2", "create_network_insights_path", {"Source": "a", "Protocol": "tcp", "ClientToken": "t"}),
    ("eks", "list_eks_anywhere_subscriptions", {}),
    ("kms", "connect_custom_key_store", {"CustomKeyStoreId": "cks-1234567890abcdef0"}),
    ("grafana", "list_workspaces", {}),
]


def test_what_is_not_emulated_is_refused_loudly(client: Any, subtests: pytest.Subtests) -> None:
    for service, operation, parameters in NOT_EMULATED:
        with subtests.test(parameters=parameters):
            with pytest.raises(ClientError) as error:
                getattr(client(service), operation)(**parameters)
            assert code(error) == "NotImplemented"
            assert status(error) == 501
            assert service in error.value.response["Error"]["Message"]


def test_a_dry_run_makes_nothing(client: Any) -> None:
    ec2 = client("ec2")
    before = len(ec2.describe_vpcs()["Vpcs"])
    with pytest.raises(ClientError) as error:
        ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    assert code(error) == "DryRunOperation"
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_bodies_come_through_whole(client: Any) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="notes", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    body = bytes(range(256)) * 4096
    s3.put_object(Bucket="notes", Key="a key/with ünusual+letters", Body=body)
    assert s3.get_object(Bucket="notes", Key="a key/with ünusual+letters")["Body"].read() == body
    assert s3.head_object(Bucket="notes", Key="a key/with ünusual+letters")["ContentLength"] == len(body)


def test_the_log_tells_who_did_what_and_no_secret(client: Any, tmp_path: Path) -> None:
    secrets = client("secretsmanager")
    secrets.create_secret(Name="django", SecretString="do-not-tell")
    with pytest.raises(ClientError):
        secrets.get_secret_value(SecretId="absent")
    text = (tmp_path / "aws" / "requests.jsonl").read_text()
    made, missed = [json.loads(line) for line in text.splitlines()]
    assert made["action"] == "secretsmanager:CreateSecret"
    assert (made["account"], made["region"], made["status"]) == ("123456789012", "eu-west-1", 200)
    assert made["resource"] == "django"
    assert (missed["resource"], missed["error"]) == ("absent", "ResourceNotFoundException")
    assert "do-not-tell" not in text


def test_state_is_for_the_owner_only(client: Any, tmp_path: Path) -> None:
    client("secretsmanager").create_secret(Name="django", SecretString="do-not-tell")
    for path in (tmp_path / "aws").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
