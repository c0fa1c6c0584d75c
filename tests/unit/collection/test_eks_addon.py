"""The module eks_addon: check, do, check again, do again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .fake_eks import FakeEks
from .modules import four_steps, run_module

ROLE = "arn:aws:iam::123456789012:role/vpc-cni"
ADDON: dict[str, Any] = {
    "cluster_name": "notejam-test",
    "addon_name": "vpc-cni",
    "addon_version": "v1.21.1-eksbuild.1",
    "configuration_values": {"enableNetworkPolicy": "true", "env": {"WARM_IP_TARGET": "2"}},
    "pod_identity_associations": [{"role_arn": ROLE, "service_account": "aws-node"}],
    "tags": {"Name": "notejam-test-vpc-cni"},
}


@pytest.fixture(autouse=True)
def cluster(eks: FakeEks) -> None:
    eks.resources["notejam-test"] = {"status": "ACTIVE"}


def test_installs_the_addon_and_waits_for_it(eks: FakeEks) -> None:
    run = four_steps("eks_addon", **ADDON)
    assert run.writes == ["CreateAddon"]
    assert run.result["addon"]["status"] == "ACTIVE"
    addon = eks.resources["notejam-test/vpc-cni"]
    assert json.loads(addon["configurationValues"]) == ADDON["configuration_values"]
    assert addon["tags"] == ADDON["tags"]


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"addon_version": "v1.21.1-eksbuild.3"}, ["UpdateAddon"]),
        ({"configuration_values": {"enableNetworkPolicy": "true"}}, ["UpdateAddon"]),
        ({"pod_identity_associations": []}, ["UpdateAddon"]),
        ({"service_account_role_arn": ROLE}, ["UpdateAddon"]),
        ({"tags": {"Name": "other"}}, ["TagResource"]),
    ],
)
def test_changes_only_what_differs(change: dict[str, Any], writes: list[str]) -> None:
    run_module("eks_addon", **ADDON)
    assert four_steps("eks_addon", **ADDON | change).writes == writes


def test_another_spelling_of_the_settings_is_no_difference(eks: FakeEks) -> None:
    run_module("eks_addon", **ADDON)
    eks.resources["notejam-test/vpc-cni"]["configurationValues"] = json.dumps(
        ADDON["configuration_values"], indent=4
    )
    assert not run_module("eks_addon", **ADDON).changed


def test_an_update_repeats_all_that_is_declared(eks: FakeEks) -> None:
    """EKS takes a service account's role that is left out for a role to take away."""
    with_role = {**ADDON, "service_account_role_arn": ROLE}
    run_module("eks_addon", **with_role)
    run_module("eks_addon", **with_role | {"addon_version": "v1.21.1-eksbuild.3"})
    assert eks.resources["notejam-test/vpc-cni"]["serviceAccountRoleArn"] == ROLE


@pytest.mark.parametrize("status", ["CREATE_FAILED", "DEGRADED"])
def test_a_bad_end_is_told_at_once_with_the_reasons_of_eks(eks: FakeEks, status: str) -> None:
    issue = {"code": "InsufficientNumberOfReplicas", "message": "no nodes to run on", "resourceIds": []}
    eks.ends_as("notejam-test/vpc-cni", status, issue)
    run = run_module("eks_addon", **ADDON)
    assert f"Add-on notejam-test/vpc-cni is {status}" in run.result["msg"]
    assert "InsufficientNumberOfReplicas: no nodes to run on" in run.result["msg"]


def test_removes_the_addon(eks: FakeEks) -> None:
    run_module("eks_addon", **ADDON)
    four_steps("eks_addon", cluster_name="notejam-test", addon_name="vpc-cni", state="absent")
    assert "notejam-test/vpc-cni" not in eks.resources
