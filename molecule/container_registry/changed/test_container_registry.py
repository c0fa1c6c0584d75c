"""The registry with fewer releases kept, a role that pushes, and copies in another region."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

NAME = "notejam-sandbox/notejam"


@pytest.fixture(scope="module")
def ecr() -> Any:
    return boto3.client("ecr")


def test_twenty_releases_stay(ecr: Any) -> None:
    policy = json.loads(ecr.get_lifecycle_policy(repositoryName=NAME)["lifecyclePolicyText"])
    kept = {tuple(rule["selection"].get("tagPatternList", [])): rule for rule in policy["rules"]}
    assert kept[("*.*.*",)]["selection"]["countNumber"] == 20


def test_the_role_pushes(ecr: Any) -> None:
    policy = json.loads(ecr.get_repository_policy(repositoryName=NAME)["policyText"])
    [push] = [statement for statement in policy["Statement"] if statement["Sid"] == "Push"]
    assert "ecr:PutImage" in push["Action"]
    assert "role/OrganizationAccountAccessRole" in str(push["Principal"])


def test_the_other_region_gets_copies(ecr: Any) -> None:
    [rule] = ecr.describe_registry()["replicationConfiguration"]["rules"]
    assert [one["region"] for one in rule["destinations"]] == ["eu-central-1"]
    assert rule["repositoryFilters"] == [{"filter": "notejam-sandbox/", "filterType": "PREFIX_MATCH"}]


def test_the_public_gallery_s_images_are_pulled_through(ecr: Any) -> None:
    [rule] = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert (rule["ecrRepositoryPrefix"], rule["upstreamRegistryUrl"]) == ("ecr-public", "public.ecr.aws")
