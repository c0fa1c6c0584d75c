"""The module cloudtrail_trail: check, do, check again, do again; shadows, drift and refusals."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

ACCOUNT = "123456789012"
CLOUDTRAIL = {"Service": "cloudtrail.amazonaws.com"}
TRAIL: dict[str, Any] = {
    "name": "notejam-test-eu-west-1",
    "s3_bucket_name": "notejam-test-trail",
    "event_selectors": [{}],
    "tags": {"platform:component": "observability"},
}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(autouse=True)
def _account(strict_account: None) -> None:
    bucket = TRAIL["s3_bucket_name"]
    s3 = boto3.client("s3", "eu-west-1")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    allowed = {"Effect": "Allow", "Principal": CLOUDTRAIL}
    policy = document(
        {**allowed, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
        {**allowed, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/*"},
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)


@pytest.fixture
def cloudtrail() -> Any:
    return boto3.client("cloudtrail", "eu-west-1")


@pytest.fixture
def key() -> str:
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    kms = boto3.client("kms", "eu-west-1")
    return str(kms.create_key(Policy=document(everybody))["KeyMetadata"]["Arn"])


@pytest.fixture
def log_group() -> dict[str, str]:
    boto3.client("logs", "eu-west-1").create_log_group(logGroupName="trail")
    iam = boto3.client("iam")
    trust = document({"Effect": "Allow", "Principal": CLOUDTRAIL, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="trail", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    write = document({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    iam.put_role_policy(RoleName="trail", PolicyName="write", PolicyDocument=write)
    return {
        "cloud_watch_logs_log_group_arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:trail:*",
        "cloud_watch_logs_role_arn": role,
    }


def test_creates_a_trail_that_logs_and_deletes_it(cloudtrail: Any) -> None:
    run = four_steps("cloudtrail_trail", **TRAIL)
    assert run.writes == ["CreateTrail", "PutEventSelectors", "StartLogging"]
    state = run.result["trail"]
    assert state["arn"] == f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/{TRAIL['name']}"
    assert (state["is_logging"], state["is_multi_region_trail"]) == (True, True)
    assert (state["enable_log_file_validation"], state["tags"]) == (True, TRAIL["tags"])
    four_steps("cloudtrail_trail", name=TRAIL["name"], state="absent")
    assert cloudtrail.describe_trails()["trailList"] == []


def test_changes_only_what_differs(key: str, log_group: dict[str, str]) -> None:
    run_module("cloudtrail_trail", **TRAIL)
    for change, writes in (
        ({"kms_key_id": key}, ["UpdateTrail"]),
        ({"kms_key_id": ""}, ["UpdateTrail"]),
        (log_group, ["UpdateTrail"]),
        ({"s3_key_prefix": ""}, []),
        ({"is_logging": False}, ["StopLogging"]),
        ({"tags": {"owner": "platform"}}, ["StartLogging", "AddTags", "RemoveTags"]),
        ({"event_selectors": [{"read_write_type": "WriteOnly"}]}, ["PutEventSelectors"]),
    ):
        given = TRAIL | {"tags": None, "is_logging": change.get("is_logging", True)} | change
        if not writes:
            assert not run_module("cloudtrail_trail", **given).changed
            continue
        assert four_steps("cloudtrail_trail", **given).writes == writes


def test_what_was_changed_by_hand_is_brought_back(cloudtrail: Any) -> None:
    run_module("cloudtrail_trail", **TRAIL)
    name = TRAIL["name"]
    only_reads = [
        {
            "Name": "reads",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Management"]},
                {"Field": "readOnly", "Equals": ["true"]},
            ],
        }
    ]
    cloudtrail.put_event_selectors(TrailName=name, AdvancedEventSelectors=only_reads)
    cloudtrail.stop_logging(Name=name)
    cloudtrail.update_trail(Name=name, EnableLogFileValidation=False)
    run = four_steps("cloudtrail_trail", **TRAIL)
    assert run.writes == ["UpdateTrail", "PutEventSelectors", "StartLogging"]
    assert run.result["diff"]["before"]["event_selectors"] == []


def test_another_region_sees_it_unchanged_by_the_home_region(cloudtrail: Any) -> None:
    run_module("cloudtrail_trail", **TRAIL)
    run = run_module("cloudtrail_trail", **TRAIL, region="eu-west-1")
    assert not run.changed
    elsewhere = run_module("cloudtrail_trail", **TRAIL, region="eu-central-1")
    assert elsewhere.result["failed"]
    assert "TrailAlreadyExists" in elsewhere.result["msg"]


def test_what_cannot_be_is_refused_before_any_call(subtests: pytest.Subtests) -> None:
    for wrong, words in (
        ({"name": "a"}, "s3_bucket_name"),
        (TRAIL | {"cloud_watch_logs_role_arn": "arn:aws:iam::1:role/a"}, "required together"),
        (TRAIL | {"include_global_service_events": False}, "needs include_global_service_events"),
        (TRAIL | {"event_selectors": [{"read_write_type": "Some"}]}, "read_write_type"),
    ):
        with subtests.test(words=words):
            run = run_module("cloudtrail_trail", **wrong)
            assert words in run.result["msg"]
            assert run.operations == []


def test_what_aws_refuses_fails_with_its_words() -> None:
    boto3.client("s3", "eu-west-1").delete_bucket_policy(Bucket=TRAIL["s3_bucket_name"])
    run = run_module("cloudtrail_trail", **TRAIL)
    assert run.result["failed"]
    assert "InsufficientS3BucketPolicyException" in run.result["msg"]
