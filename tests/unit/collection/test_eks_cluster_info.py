"""The module eks_cluster_info."""

from __future__ import annotations

import pytest

from .fake_eks import FakeEks
from .modules import run_module
from .test_eks_cluster import CLUSTER

NAME = CLUSTER["name"]


@pytest.fixture(autouse=True)
def _asked(eks: FakeEks) -> None:
    """A cluster that is on its way."""
    asked = run_module("eks_cluster", **CLUSTER, wait=False)
    [event] = asked.result["timeline"]
    assert event["resource"] == f"cluster {NAME}"
    assert event["asked"] > 0


def test_waits_for_the_control_plane_and_tells_so() -> None:
    waited = run_module("eks_cluster_info", name=NAME, wait=True)
    assert not waited.changed
    assert waited.writes == []
    assert waited.result["cluster"]["status"] == "ACTIVE"
    assert waited.result["cluster"]["endpoint"]
    [event] = waited.result["timeline"]
    assert event["resource"] == f"cluster {NAME}"
    assert event["ready"] >= event["waited_since"]


@pytest.mark.parametrize("options", [{"check_mode": True, "wait": True}, {"wait": False}])
def test_otherwise_tells_at_once(options: dict[str, bool]) -> None:
    seen = run_module("eks_cluster_info", name=NAME, **options)
    assert seen.operations == ["DescribeCluster"]
    assert seen.result["cluster"]["status"] == "CREATING"
    assert "timeline" not in seen.result


def test_of_a_cluster_that_is_not_there() -> None:
    assert run_module("eks_cluster_info", name="other").result["cluster"] is None
    waited = run_module("eks_cluster_info", name="other", wait=True)
    assert "Cluster other is DELETED" in waited.result["msg"]


def test_a_failed_creation_ends_the_wait_with_the_reasons_of_eks(eks: FakeEks) -> None:
    eks.ends_as(NAME, "FAILED", {"code": "InternalFailure", "message": "of EKS's own", "resourceIds": []})
    waited = run_module("eks_cluster_info", name=NAME, wait=True)
    assert "of EKS's own" in waited.result["msg"]
