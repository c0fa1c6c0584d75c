"""The modules that upgrade a cluster's control plane, node groups and add-ons."""

from __future__ import annotations

from typing import Any

import pytest

from .fake_eks_upgrade import UpgradableEks
from .modules import four_steps, run_module

ADDONS = {"vpc-cni": "v1.20.4-eksbuild.2", "kube-proxy": "v1.34.1-eksbuild.2"}
CLUSTER = {"cluster_name": "notejam-test", "version": "1.35"}
GROUP = {**CLUSTER, "nodegroup_name": "system"}
ADDON = {
    "cluster_name": "notejam-test",
    "addon_name": "vpc-cni",
    "addon_version": "v1.21.1-eksbuild.1",
    "kubernetes_version": "1.35",
}
PARTS = [
    pytest.param("eks_cluster_upgrade", CLUSTER, "UpdateClusterVersion", "notejam-test", id="cluster"),
    pytest.param(
        "eks_nodegroup_upgrade", GROUP, "UpdateNodegroupVersion", "notejam-test/system", id="nodegroup"
    ),
    pytest.param("eks_addon_upgrade", ADDON, "UpdateAddon", "notejam-test/vpc-cni", id="addon"),
]


@pytest.fixture
def eks(monkeypatch: pytest.MonkeyPatch) -> UpgradableEks:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    fake = UpgradableEks()
    fake.built("1.34", ADDONS)
    fake.install(monkeypatch)
    return fake


@pytest.fixture
def control_plane_done(eks: UpgradableEks) -> None:
    """The control plane is upgraded already: what comes after it waits for it."""
    eks.resources["notejam-test"]["version"] = "1.35"


@pytest.mark.usefixtures("eks")
def test_the_control_plane_goes_up_and_is_waited_for() -> None:
    run = four_steps("eks_cluster_upgrade", **CLUSTER)
    assert run.writes == ["UpdateClusterVersion"]
    assert run.result["cluster"] == {"name": "notejam-test", "version": "1.35", "status": "ACTIVE"}
    assert run.result["diff"]["before"]["version"] == "1.34"
    assert run.result["diff"]["after"]["version"] == "1.35"


@pytest.mark.usefixtures("control_plane_done")
def test_nodes_are_replaced_and_nothing_is_forced(eks: UpgradableEks) -> None:
    run = four_steps("eks_nodegroup_upgrade", **GROUP)
    assert run.writes == ["UpdateNodegroupVersion"]
    assert run.result["nodegroup"]["version"] == "1.35"
    assert not eks.forced


@pytest.mark.usefixtures("control_plane_done")
def test_nodes_are_forced_when_asked_to(eks: UpgradableEks) -> None:
    run_module("eks_nodegroup_upgrade", **GROUP, force=True)
    assert eks.forced


def test_an_addon_keeps_its_settings(eks: UpgradableEks) -> None:
    """EKS takes those away that an update leaves out."""
    eks.resources["notejam-test/vpc-cni"]["serviceAccountRoleArn"] = "arn:role"
    run = four_steps("eks_addon_upgrade", **ADDON)
    assert run.writes == ["UpdateAddon"]
    addon = eks.resources["notejam-test/vpc-cni"]
    assert addon["addonVersion"] == "v1.21.1-eksbuild.1"
    assert addon["configurationValues"] == '{"enableNetworkPolicy": "true"}'
    assert addon["serviceAccountRoleArn"] == "arn:role"


@pytest.mark.usefixtures("control_plane_done")
@pytest.mark.parametrize(("module", "options", "operation", "key"), PARTS)
class TestEachPart:
    def test_a_run_that_was_killed_is_followed_up(
        self, eks: UpgradableEks, module: str, options: dict[str, Any], operation: str, key: str
    ) -> None:
        eks.resources["notejam-test"]["version"] = "1.34" if key == "notejam-test" else "1.35"
        with pytest.MonkeyPatch.context() as patch:

            def killed(_seconds: float) -> None:
                raise KeyboardInterrupt

            patch.setattr("time.sleep", killed)
            with pytest.raises(KeyboardInterrupt):
                run_module(module, **options)
        assert eks.resources[key]["status"] == "UPDATING"
        check = run_module(module, check_mode=True, **options)
        assert check.changed
        again = run_module(module, **options)
        assert again.changed
        assert again.writes == []
        assert eks.resources[key]["status"] == "ACTIVE"
        assert not run_module(module, **options).changed

    def test_an_update_of_somebody_elses_is_refused(
        self, eks: UpgradableEks, module: str, options: dict[str, Any], operation: str, key: str
    ) -> None:
        eks.resources["notejam-test"]["version"] = "1.34" if key == "notejam-test" else "1.35"
        eks.operation = "another"
        eks._begin(key, "ConfigUpdate", "MaxSize", {"size": "9"})
        for check_mode in (True, False):
            run = run_module(module, check_mode=check_mode, **options)
            assert "is being changed by an update that is not the upgrade to" in run.result["msg"]
            assert "ConfigUpdate update-1 (MaxSize 9)" in run.result["msg"]
            assert run.writes == []

    def test_a_failure_is_told_with_the_reasons_of_eks(
        self, eks: UpgradableEks, module: str, options: dict[str, Any], operation: str, key: str
    ) -> None:
        eks.resources["notejam-test"]["version"] = "1.34" if key == "notejam-test" else "1.35"
        eks.ends_as(
            "update",
            "Failed",
            {"errorCode": "IpNotAvailable", "errorMessage": "no addresses", "resourceIds": ["subnet-a"]},
        )
        run = run_module(module, **options)
        assert run.result["failed"]
        assert "is Failed. EKS says: IpNotAvailable: no addresses (subnet-a)." in run.result["msg"]
        assert run.result["msg"].endswith(("run again.", "with the others."))
        assert run_module(module, **options).writes == [operation]

    def test_a_part_that_is_not_there_is_told(
        self, eks: UpgradableEks, module: str, options: dict[str, Any], operation: str, key: str
    ) -> None:
        del eks.resources[key]
        run = run_module(module, **options)
        assert run.result["msg"].startswith("There is no ")
        assert f"{key} to upgrade" in run.result["msg"]


@pytest.mark.usefixtures("control_plane_done")
def test_pods_that_may_not_move_are_explained(eks: UpgradableEks) -> None:
    reason = "Reached max retries while trying to evict pods from nodes in node group system"
    eks.ends_as("update", "Failed", {"errorCode": "PodEvictionFailure", "errorMessage": reason})
    run = run_module("eks_nodegroup_upgrade", **GROUP)
    assert f"PodEvictionFailure: {reason}." in run.result["msg"]
    assert "kubectl get poddisruptionbudgets --all-namespaces" in run.result["msg"]
    assert "nothing was forced" in run.result["msg"]


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        (
            "eks_cluster_upgrade",
            {**CLUSTER, "version": "1.36"},
            "Set the version to 1.35, upgrade, and go on",
        ),
        ("eks_cluster_upgrade", {**CLUSTER, "version": "1.33"}, "a cluster never goes back"),
        ("eks_nodegroup_upgrade", {**GROUP, "version": "1.33"}, "a node group never goes back"),
        ("eks_nodegroup_upgrade", GROUP, "Upgrade the control plane first"),
        (
            "eks_addon_upgrade",
            {**ADDON, "addon_version": "v9.9.9-eksbuild.1"},
            "it offers v1.21.1-eksbuild.1, v1.20.4-eksbuild.2. Set its version to v1.21.1-eksbuild.1",
        ),
    ],
)
@pytest.mark.usefixtures("eks")
def test_refuses(module: str, options: dict[str, Any], message: str) -> None:
    run = run_module(module, **options)
    assert run.result["failed"]
    assert message in run.result["msg"]
    assert run.writes == []


def test_refuses_a_version_that_eks_does_not_offer(eks: UpgradableEks) -> None:
    eks.resources["notejam-test"]["version"] = "1.36"
    run = run_module("eks_cluster_upgrade", **CLUSTER | {"version": "1.37"})
    assert "EKS offers no Kubernetes 1.37 here; it offers 1.33, 1.34, 1.35, 1.36" in run.result["msg"]
    assert run.writes == []


def test_refuses_nodes_with_an_image_of_their_own(eks: UpgradableEks) -> None:
    del eks.resources["notejam-test/system"]["version"]
    run = run_module("eks_nodegroup_upgrade", **GROUP)
    assert "has an image of its own" in run.result["msg"]
