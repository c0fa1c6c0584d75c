"""The module eks_nodegroup: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import pytest

from .fake_eks import FakeEks
from .modules import four_steps, run_module

GROUP: dict[str, Any] = {
    "cluster_name": "notejam-test",
    "nodegroup_name": "system",
    "node_role": "arn:aws:iam::123456789012:role/nodes",
    "subnets": ["subnet-b", "subnet-a"],
    "instance_types": ["m7i.large", "m7a.large"],
    "ami_type": "AL2023_x86_64_STANDARD",
    "capacity_type": "ON_DEMAND",
    "scaling_config": {"min_size": 2, "max_size": 4, "desired_size": 2},
    "update_config": {"max_unavailable": 1},
    "labels": {"example.com/pool_name": "system"},
    "taints": [{"key": "only", "value": "system", "effect": "NO_SCHEDULE"}],
    "launch_template": {"id": "lt-1", "version": "1"},
    "tags": {"Name": "notejam-test-system"},
}


@pytest.fixture(autouse=True)
def cluster(eks: FakeEks) -> None:
    eks.resources["notejam-test"] = {"status": "ACTIVE"}


def group(eks: FakeEks) -> dict[str, Any]:
    return eks.resources["notejam-test/system"]


def test_creates_the_group_and_waits_for_its_nodes(eks: FakeEks) -> None:
    run = four_steps("eks_nodegroup", **GROUP)
    assert run.writes == ["CreateNodegroup"]
    assert run.result["nodegroup"]["status"] == "ACTIVE"
    assert group(eks)["labels"] == GROUP["labels"]
    assert group(eks)["tags"] == GROUP["tags"]
    assert group(eks)["instanceTypes"] == ["m7i.large", "m7a.large"]


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"labels": {"other": "1"}}, ["UpdateNodegroupConfig"]),
        ({"taints": []}, ["UpdateNodegroupConfig"]),
        ({"taints": [{**GROUP["taints"][0], "value": "x"}]}, ["UpdateNodegroupConfig"]),
        ({"update_config": {"max_unavailable_percentage": 50}}, ["UpdateNodegroupConfig"]),
        ({"scaling_config": {"min_size": 3, "max_size": 9}}, ["UpdateNodegroupConfig"]),
        ({"launch_template": {"id": "lt-1", "version": "2"}}, ["UpdateNodegroupVersion"]),
        ({"version": "1.36"}, ["UpdateNodegroupVersion"]),
        ({"labels": {}, "version": "1.36"}, ["UpdateNodegroupConfig", "UpdateNodegroupVersion"]),
        ({"tags": {}}, ["UntagResource"]),
    ],
)
def test_changes_only_what_differs(change: dict[str, Any], writes: list[str]) -> None:
    run_module("eks_nodegroup", **GROUP)
    assert four_steps("eks_nodegroup", **GROUP | change).writes == writes


def test_labels_and_taints_that_are_not_declared_go(eks: FakeEks) -> None:
    run_module("eks_nodegroup", **GROUP)
    other = {"key": "only", "value": "other", "effect": "NO_EXECUTE"}
    run_module("eks_nodegroup", **GROUP | {"labels": {"a": "b"}, "taints": [other]})
    assert group(eks)["labels"] == {"a": "b"}
    assert group(eks)["taints"] == [other]


@pytest.mark.parametrize(("chosen", "kept"), [(3, 3), (1, 2), (9, 4)])
def test_the_size_that_an_autoscaler_chose_is_kept_within_the_limits(
    eks: FakeEks, chosen: int, kept: int
) -> None:
    run_module("eks_nodegroup", **GROUP)
    group(eks)["scalingConfig"]["desiredSize"] = chosen
    run = run_module("eks_nodegroup", **GROUP)
    assert run.changed == (chosen != kept)
    assert group(eks)["scalingConfig"]["desiredSize"] == kept


@pytest.mark.parametrize(("chosen", "left"), [(4, 2), (5, 5)])
def test_nodes_that_the_minimum_alone_held_go_down_with_it(eks: FakeEks, chosen: int, left: int) -> None:
    run_module(
        "eks_nodegroup", **GROUP | {"scaling_config": {"min_size": 4, "max_size": 6, "desired_size": 4}}
    )
    group(eks)["scalingConfig"]["desiredSize"] = chosen
    lowered = {"min_size": 1, "max_size": 6, "desired_size": 2}
    four_steps("eks_nodegroup", **GROUP | {"scaling_config": lowered})
    assert group(eks)["scalingConfig"] == {"minSize": 1, "maxSize": 6, "desiredSize": left}


def test_the_size_is_set_when_asked_to(eks: FakeEks) -> None:
    run_module("eks_nodegroup", **GROUP)
    group(eks)["scalingConfig"]["desiredSize"] = 4
    four_steps("eks_nodegroup", **GROUP, keep_desired_size=False)
    assert group(eks)["scalingConfig"]["desiredSize"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subnets": ["subnet-a"]}, "subnets is"),
        ({"instance_types": ["m7i.xlarge"]}, "instance_types is"),
        ({"capacity_type": "SPOT"}, "capacity_type is"),
        ({"launch_template": {"id": "lt-2", "version": "1"}}, "launch_template.id is 'lt-1'"),
    ],
)
def test_refuses_what_eks_cannot_change(change: dict[str, Any], message: str) -> None:
    run_module("eks_nodegroup", **GROUP)
    for check_mode in (True, False):
        run = run_module("eks_nodegroup", check_mode=check_mode, **GROUP | change)
        assert run.result["failed"]
        assert message in run.result["msg"]
        assert run.writes == []


@pytest.mark.parametrize("status", ["CREATE_FAILED", "DEGRADED"])
def test_a_bad_end_is_told_at_once_with_the_reasons_of_eks(eks: FakeEks, status: str) -> None:
    issue = {"code": "NodeCreationFailure", "message": "Instances failed to join", "resourceIds": ["i-1"]}
    eks.ends_as("notejam-test/system", status, issue)
    run = run_module("eks_nodegroup", **GROUP)
    assert f"Node group notejam-test/system is {status}" in run.result["msg"]
    assert "NodeCreationFailure: Instances failed to join (i-1)" in run.result["msg"]


def test_deletes_and_waits_until_the_nodes_are_gone(eks: FakeEks) -> None:
    run_module("eks_nodegroup", **GROUP)
    four_steps("eks_nodegroup", cluster_name="notejam-test", nodegroup_name="system", state="absent")
    assert "notejam-test/system" not in eks.resources
