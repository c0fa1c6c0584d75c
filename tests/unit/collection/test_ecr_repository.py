"""The module ecr_repository: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")

LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "Untagged images go after a day",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 1,
            },
            "action": {"type": "expire"},
        }
    ]
}
PULL = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Pull",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        }
    ],
}
REPOSITORY: dict[str, Any] = {
    "name": "notejam-test/notejam",
    "image_tag_mutability": "IMMUTABLE",
    "scan_on_push": True,
    "kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/mrk-1",
    "lifecycle_policy": LIFECYCLE,
    "policy": PULL,
    "tags": {"Name": "notejam-test/notejam"},
}


def test_creates_the_repository_with_its_policies() -> None:
    repository = four_steps("ecr_repository", **REPOSITORY).result["ecr_repository"]
    ecr = boto3.client("ecr", "eu-west-1")
    found = ecr.describe_repositories(repositoryNames=[REPOSITORY["name"]])["repositories"][0]
    assert (repository["uri"], repository["arn"]) == (found["repositoryUri"], found["repositoryArn"])
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert found["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": REPOSITORY["kms_key_arn"]}
    assert repository["lifecycle_policy"] == LIFECYCLE


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"image_tag_mutability": "MUTABLE"}, ["PutImageTagMutability"]),
        ({"scan_on_push": False}, ["PutImageScanningConfiguration"]),
        ({"lifecycle_policy": {}}, ["DeleteLifecyclePolicy"]),
        (
            {"lifecycle_policy": {"rules": [{**LIFECYCLE["rules"][0], "rulePriority": 9}]}},
            ["PutLifecyclePolicy"],
        ),
        ({"policy": {}}, ["DeleteRepositoryPolicy"]),
        ({"tags": {"Name": "notejam-test/notejam", "owner": "platform"}}, ["TagResource"]),
    ],
)
def test_changes_only_what_differs(change: dict[str, Any], writes: list[str]) -> None:
    run_module("ecr_repository", **REPOSITORY)
    assert four_steps("ecr_repository", **REPOSITORY | change).writes == writes


def test_the_encryption_cannot_change() -> None:
    run_module("ecr_repository", **REPOSITORY)
    run = run_module("ecr_repository", **REPOSITORY | {"kms_key_arn": "arn:aws:kms:eu-west-1:1:key/other"})
    assert "kms_key_arn is 'arn:aws:kms:eu-west-1:123456789012:key/mrk-1'" in run.result["msg"]
    assert run.writes == []


def test_options_left_out_are_left_alone() -> None:
    run_module("ecr_repository", **REPOSITORY)
    assert not run_module("ecr_repository", name=REPOSITORY["name"]).changed


def test_deletes() -> None:
    run_module("ecr_repository", **REPOSITORY)
    four_steps("ecr_repository", name=REPOSITORY["name"], state="absent")
