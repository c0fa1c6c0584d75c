"""The module eks_pod_identity_association: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import pytest

from .fake_eks import FakeEks
from .modules import four_steps, run_module

ROLE = "arn:aws:iam::123456789012:role/application"
KEY = {"cluster_name": "notejam-test", "namespace": "notejam", "service_account": "notejam"}
ASSOCIATION: dict[str, Any] = {**KEY, "role_arn": ROLE, "tags": {"Name": "application"}}


@pytest.fixture(autouse=True)
def cluster(eks: FakeEks) -> None:
    eks.resources["notejam-test"] = {"status": "ACTIVE"}


def test_gives_the_service_account_the_role(eks: FakeEks) -> None:
    run = four_steps("eks_pod_identity_association", **ASSOCIATION)
    assert run.writes == ["CreatePodIdentityAssociation"]
    association = eks.resources[run.result["association"]["association_id"]]
    assert association["roleArn"] == ROLE
    assert association["tags"] == ASSOCIATION["tags"]


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"role_arn": ROLE + "2"}, ["UpdatePodIdentityAssociation"]),
        ({"target_role_arn": ROLE}, ["UpdatePodIdentityAssociation"]),
        ({"tags": {}}, ["UntagResource"]),
    ],
)
def test_changes_only_what_differs(change: dict[str, Any], writes: list[str]) -> None:
    run_module("eks_pod_identity_association", **ASSOCIATION)
    assert four_steps("eks_pod_identity_association", **ASSOCIATION | change).writes == writes


def test_another_service_account_has_an_association_of_its_own() -> None:
    first = run_module("eks_pod_identity_association", **ASSOCIATION).result["association"]
    other = four_steps("eks_pod_identity_association", **ASSOCIATION | {"service_account": "jobs"})
    assert other.result["association"]["association_id"] != first["association_id"]


def test_a_missing_association_needs_a_role() -> None:
    run = run_module("eks_pod_identity_association", **KEY)
    assert "cannot be made without role_arn" in run.result["msg"]


def test_takes_the_role_away(eks: FakeEks) -> None:
    run_module("eks_pod_identity_association", **ASSOCIATION)
    four_steps("eks_pod_identity_association", **KEY, state="absent")
    assert list(eks.resources) == ["notejam-test"]
