"""The module eks_access_entry: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import pytest

from .fake_eks import FakeEks
from .modules import four_steps, run_module

POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKS"
PERSON = "arn:aws:iam::123456789012:role/developers"
VIEW: dict[str, Any] = {"policy_arn": POLICY + "ViewPolicy"}
EDIT: dict[str, Any] = {
    "policy_arn": POLICY + "EditPolicy",
    "access_scope": {"type": "namespace", "namespaces": ["notejam", "jobs"]},
}
ENTRY: dict[str, Any] = {
    "cluster_name": "notejam-test",
    "principal_arn": PERSON,
    "kubernetes_groups": ["developers"],
    "access_policies": [VIEW, EDIT],
    "tags": {"platform:environment": "test"},
}


@pytest.fixture(autouse=True)
def cluster(eks: FakeEks) -> None:
    eks.resources["notejam-test"] = {"status": "ACTIVE"}


def policies(eks: FakeEks) -> dict[str, Any]:
    found: dict[str, Any] = eks.resources[f"notejam-test/{PERSON}"]["policies"]
    return found


def test_lets_somebody_in_with_the_policies(eks: FakeEks) -> None:
    run = four_steps("eks_access_entry", **ENTRY)
    assert run.writes == ["CreateAccessEntry", "AssociateAccessPolicy", "AssociateAccessPolicy"]
    assert policies(eks)[VIEW["policy_arn"]]["type"] == "cluster"
    assert policies(eks)[EDIT["policy_arn"]]["namespaces"] == ["jobs", "notejam"]


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"kubernetes_groups": []}, ["UpdateAccessEntry"]),
        ({"access_policies": [VIEW]}, ["DisassociateAccessPolicy"]),
        (
            {"access_policies": [VIEW, {**EDIT, "access_scope": {"type": "cluster"}}]},
            ["AssociateAccessPolicy"],
        ),
        (
            {"access_policies": [{"policy_arn": POLICY + "AdminPolicy"}]},
            ["AssociateAccessPolicy", "DisassociateAccessPolicy", "DisassociateAccessPolicy"],
        ),
        ({"tags": {"owner": "platform"}}, ["TagResource", "UntagResource"]),
    ],
)
def test_changes_only_what_differs(change: dict[str, Any], writes: list[str]) -> None:
    run_module("eks_access_entry", **ENTRY)
    assert four_steps("eks_access_entry", **ENTRY | change).writes == writes


def test_a_creation_that_was_cut_short_is_completed(eks: FakeEks) -> None:
    run_module("eks_access_entry", **ENTRY)
    policies(eks).clear()
    assert four_steps("eks_access_entry", **ENTRY).writes == ["AssociateAccessPolicy"] * 2


def test_the_order_of_policies_and_namespaces_is_no_difference() -> None:
    run_module("eks_access_entry", **ENTRY)
    scope = {"type": "namespace", "namespaces": ["jobs", "notejam"]}
    turned = [{**EDIT, "access_scope": scope}, VIEW]
    assert not run_module("eks_access_entry", **ENTRY | {"access_policies": turned}).changed


def test_the_type_cannot_change() -> None:
    run_module("eks_access_entry", **ENTRY)
    run = run_module("eks_access_entry", **ENTRY | {"type": "EC2_LINUX"})
    assert "type is 'STANDARD' and the task asks for 'EC2_LINUX'" in run.result["msg"]
    assert run.writes == []


def test_shuts_somebody_out(eks: FakeEks) -> None:
    run_module("eks_access_entry", **ENTRY)
    four_steps("eks_access_entry", cluster_name="notejam-test", principal_arn=PERSON, state="absent")
    assert f"notejam-test/{PERSON}" not in eks.resources
