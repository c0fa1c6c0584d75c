"""Names are the same in every run and within AWS's limits."""

from __future__ import annotations

import re

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.notejam.platform.plugins.filter.resource_name import KINDS, resource_name

LONGEST_PLATFORM = "notejam-" + "a" * 15
LONGEST_REGION = "ap-southeast-1"


@pytest.mark.parametrize(
    ("kind", "thing", "region", "name"),
    [
        ("eks_cluster", "cluster", None, "notejam-prod-cluster"),
        ("iam_role", "nodes", "eu-west-1", "notejam-prod-nodes-eu-west-1"),
        ("ecr_repository", "notejam", None, "notejam-prod-notejam"),
    ],
)
def test_names_read_as_what_they_are(kind: str, thing: str, region: str | None, name: str) -> None:
    assert resource_name("notejam-prod", kind, thing, region=region) == name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("thing", ["a", "controller-service-account", "a-very-long-name-of-a-thing" * 30])
def test_names_fit_for_the_longest_environment_and_region(kind: str, thing: str) -> None:
    name = resource_name(LONGEST_PLATFORM, kind, thing, region=LONGEST_REGION)
    assert len(name) <= KINDS[kind].longest
    assert re.fullmatch(KINDS[kind].form, name)
    assert name == resource_name(LONGEST_PLATFORM, kind, thing, region=LONGEST_REGION)


def test_cut_names_stay_apart() -> None:
    names = {resource_name(LONGEST_PLATFORM, "load_balancer", f"public-{number}") for number in range(100)}
    assert len(names) == 100


def test_a_name_shared_by_regions_needs_the_region() -> None:
    with pytest.raises(AnsibleFilterError, match="give region= to name 'nodes' of 'notejam-prod'"):
        resource_name("notejam-prod", "iam_role", "nodes")


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(AnsibleFilterError, match=r"no kind 'role'; it knows .*iam_role"):
        resource_name("notejam-prod", "role", "nodes")


@pytest.mark.parametrize(
    ("kind", "platform"), [("db_identifier", "notejam-Prod"), ("s3_bucket", "notejam_prod")]
)
def test_characters_that_aws_refuses_are_named(kind: str, platform: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"'{platform}-x.*platform_environment"):
        resource_name(platform, kind, "x", region="eu-west-1")
