"""The module eks_version_info."""

from __future__ import annotations

from .fake_eks import FakeEks
from .modules import run_module


def test_tells_the_version_of_each_part(eks: FakeEks) -> None:
    eks.resources["notejam-test"] = {"version": "1.35", "status": "ACTIVE"}
    group = {"clusterName": "notejam-test", "status": "ACTIVE"}
    eks.resources["notejam-test/system"] = {**group, "nodegroupName": "system", "version": "1.34"}
    eks.resources["notejam-test/own"] = {**group, "nodegroupName": "own"}
    run = run_module("eks_version_info", cluster_name="notejam-test")
    assert run.result["versions"] == {"control plane": "1.35", "node group system": "1.34"}


def test_a_cluster_that_is_not_there_has_none(eks: FakeEks) -> None:
    assert run_module("eks_version_info", cluster_name="notejam-test").result["versions"] == {}
