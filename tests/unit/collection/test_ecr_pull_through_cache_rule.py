"""The module ecr_pull_through_cache_rule: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("strict_account")
NAME = "ecr_pull_through_cache_rule"
RULE: dict[str, Any] = {"repository_prefix": "ecr-public", "upstream_registry_url": "public.ecr.aws"}
DOCKER_HUB: dict[str, Any] = {
    "repository_prefix": "docker-hub",
    "upstream_registry_url": "registry-1.docker.io",
}


def rules() -> dict[str, str]:
    found = boto3.client("ecr", "eu-west-1").describe_pull_through_cache_rules()["pullThroughCacheRules"]
    return {rule["ecrRepositoryPrefix"]: rule["upstreamRegistryUrl"] for rule in found}


def secret(name: str) -> str:
    made = boto3.client("secretsmanager", "eu-west-1").create_secret(Name=name, SecretString="{}")
    return str(made["ARN"])


def test_creates() -> None:
    run = four_steps(NAME, **RULE)
    assert run.writes == ["CreatePullThroughCacheRule"]
    assert rules() == {"ecr-public": "public.ecr.aws"}


def test_another_upstream_makes_it_anew() -> None:
    run_module(NAME, **RULE)
    run = four_steps(NAME, **RULE | {"upstream_registry_url": "quay.io"})
    assert run.writes == ["DeletePullThroughCacheRule", "CreatePullThroughCacheRule"]
    assert rules() == {"ecr-public": "quay.io"}


def test_other_credentials_are_set_in_place_and_stay_when_none_are_given() -> None:
    first, second = secret("ecr-pullthroughcache/first"), secret("ecr-pullthroughcache/second")
    run_module(NAME, **DOCKER_HUB, credential_arn=first)
    run = four_steps(NAME, **DOCKER_HUB, credential_arn=second)
    assert run.writes == ["UpdatePullThroughCacheRule"]
    assert not run_module(NAME, **DOCKER_HUB).changed


def test_what_was_deleted_by_hand_is_put_back() -> None:
    run_module(NAME, **RULE)
    boto3.client("ecr", "eu-west-1").delete_pull_through_cache_rule(ecrRepositoryPrefix="ecr-public")
    four_steps(NAME, **RULE)
    assert rules() == {"ecr-public": "public.ecr.aws"}


def test_deletes_its_own_rule_alone() -> None:
    run_module(NAME, **RULE)
    run_module(NAME, repository_prefix="quay", upstream_registry_url="quay.io")
    four_steps(NAME, repository_prefix="ecr-public", state="absent")
    assert rules() == {"quay": "quay.io"}


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (RULE | {"upstream_registry_url": "registry.example.com"}, "UnsupportedUpstreamRegistryException"),
        (RULE | {"repository_prefix": "Ecr"}, "InvalidParameterException"),
        (DOCKER_HUB, "credentialArn is required"),
        ({"repository_prefix": "ecr-public"}, "upstream_registry_url"),
    ],
)
def test_what_ecr_refuses_makes_nothing(options: dict[str, Any], refusal: str) -> None:
    run = run_module(NAME, **options)
    assert run.result["failed"]
    assert refusal in str(run.result)
    assert rules() == {}


def test_the_secret_is_one_for_caches() -> None:
    run = run_module(NAME, **DOCKER_HUB, credential_arn=secret("docker-hub"))
    assert "ecr-pullthroughcache/" in run.result["msg"]
    missing = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-pullthroughcache/none-abcdef"
    assert "SecretNotFoundException" in str(run_module(NAME, **DOCKER_HUB, credential_arn=missing).result)
