"""The module eks_nodegroup_info."""

from __future__ import annotations

from typing import Any

import pytest

from .fake_eks import FakeEks
from .modules import run_module
from .test_eks_nodegroup import GROUP

OTHER = {**GROUP, "nodegroup_name": "application"}


@pytest.fixture(autouse=True)
def cluster(eks: FakeEks) -> None:
    eks.resources["notejam-test"] = {"status": "ACTIVE"}


def told(**options: Any) -> list[dict[str, Any]]:
    run = run_module("eks_nodegroup_info", cluster_name="notejam-test", **options)
    assert not run.changed
    assert run.writes == []
    return list(run.result["nodegroups"])


def test_tells_the_clusters_node_groups_by_name() -> None:
    run_module("eks_nodegroup", **GROUP)
    run_module("eks_nodegroup", **OTHER)
    groups = told()
    assert [group["nodegroup_name"] for group in groups] == ["application", "system"]
    assert groups[1]["instance_types"] == GROUP["instance_types"]
    assert groups[1]["tags"] == GROUP["tags"]
    assert groups[1]["subnets"] == ["subnet-a", "subnet-b"]


def test_there_is_none_without_a_cluster(eks: FakeEks) -> None:
    del eks.resources["notejam-test"]
    assert told() == []


def test_what_is_on_its_way_out_is_left_out() -> None:
    run_module("eks_nodegroup", **GROUP)
    run_module(
        "eks_nodegroup",
        cluster_name="notejam-test",
        nodegroup_name="system",
        state="absent",
        wait=False,
    )
    assert told(names=["system"]) == []


def test_waits_for_those_that_were_asked_for() -> None:
    for group in (GROUP, OTHER):
        run_module("eks_nodegroup", **group, wait=False)
    names = ["application", "system"]
    run = run_module("eks_nodegroup_info", cluster_name="notejam-test", names=names, wait=True)
    assert {group["status"] for group in run.result["nodegroups"]} == {"ACTIVE"}
    assert [event["resource"] for event in run.result["timeline"]] == [
        "nodegroup notejam-test/application",
        "nodegroup notejam-test/system",
    ]


def test_a_plan_waits_for_nothing() -> None:
    run_module("eks_nodegroup", **GROUP, wait=False)
    run = run_module(
        "eks_nodegroup_info", check_mode=True, cluster_name="notejam-test", names=["system"], wait=True
    )
    assert run.result["nodegroups"][0]["status"] == "CREATING"


def test_a_bad_end_is_told_at_once_with_the_reasons_of_eks(eks: FakeEks) -> None:
    issue = {"code": "NodeCreationFailure", "message": "Instances failed to join", "resourceIds": ["i-1"]}
    eks.ends_as("notejam-test/system", "CREATE_FAILED", issue)
    run_module("eks_nodegroup", **GROUP, wait=False)
    run = run_module("eks_nodegroup_info", cluster_name="notejam-test", names=["system"], wait=True)
    assert "Node group notejam-test/system is CREATE_FAILED" in run.result["msg"]
    assert "Instances failed to join (i-1)" in run.result["msg"]
