"""The repository of Notejam's image as ECR tells of it."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

NAME = "notejam-sandbox/notejam"


@pytest.fixture(scope="module")
def ecr() -> Any:
    return boto3.client("ecr")


@pytest.fixture(scope="module")
def repository(ecr: Any) -> Any:
    [repository] = ecr.describe_repositories(repositoryNames=[NAME])["repositories"]
    return repository


def test_a_tag_stays_with_its_image_which_is_scanned_and_encrypted_by_the_site_s_key(repository: Any) -> None:
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    encryption = repository["encryptionConfiguration"]
    assert encryption["encryptionType"] == "KMS"
    key = boto3.client("kms").describe_key(KeyId=encryption["kmsKey"])["KeyMetadata"]
    assert (key["KeyManager"], key["KeyState"]) == ("CUSTOMER", "Enabled")


def test_what_runs_and_the_last_releases_stay_and_others_go_when_they_are_old(ecr: Any) -> None:
    policy = json.loads(ecr.get_lifecycle_policy(repositoryName=NAME)["lifecyclePolicyText"])
    selections = [
        rule["selection"] for rule in sorted(policy["rules"], key=lambda rule: rule["rulePriority"])
    ]
    told = [(one["tagStatus"], one.get("tagPatternList"), one["countNumber"]) for one in selections]
    assert told[0][:2] == ("tagged", ["in-use-*"])
    assert told[1:] == [("tagged", ["*.*.*"], 100), ("untagged", None, 7), ("any", None, 90)]


def test_only_the_account_pulls(ecr: Any, repository: Any) -> None:
    policy = json.loads(ecr.get_repository_policy(repositoryName=NAME)["policyText"])
    [statement] = policy["Statement"]
    account = f"arn:aws:iam::{repository['registryId']}:root"
    assert statement["Principal"]["AWS"] in (account, [account])
    assert "ecr:PutImage" not in statement["Action"]


def test_it_is_found_by_its_tags(ecr: Any, repository: Any) -> None:
    tags = {
        tag["Key"]: tag["Value"]
        for tag in ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]
    }
    assert tags["platform:component"] == "container_registry"
    assert tags["platform:site"] == "sandbox_eu_west_1"
    assert tags["Name"] == NAME


def test_nothing_is_copied_without_a_standby_site(ecr: Any) -> None:
    assert ecr.describe_registry()["replicationConfiguration"]["rules"] == []
