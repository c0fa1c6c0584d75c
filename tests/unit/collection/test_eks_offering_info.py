"""The module eks_offering_info: what stands against a declared cluster, in sentences."""

from __future__ import annotations

from typing import Any

import pytest

from .fake_eks import FakeEks
from .modules import run_module

DECLARED: dict[str, Any] = {
    "cluster_name": "notejam-test",
    "version": "1.35",
    "addon_versions": {"vpc-cni": "v1.35.1-eksbuild.1", "coredns": "v1.35.2-eksbuild.1"},
    "node_groups": [
        {"name": "system", "instance_types": ["m7i.large", "m7a.large"], "min_size": 1},
        {"name": "arm", "instance_types": ["m7g.large"], "ami_type": "AL2023_ARM_64_STANDARD"},
    ],
}


def told(**changes: Any) -> dict[str, Any]:
    for check_mode in (True, False):
        run = run_module("eks_offering_info", check_mode=check_mode, **DECLARED | changes)
        assert not run.changed
        assert run.writes == []
    return run.result


@pytest.fixture(autouse=True)
def _nothing_there(eks: FakeEks) -> None:
    """No cluster yet."""


def test_nothing_stands_against_what_is_offered() -> None:
    result = told()
    assert result["refusals"] == []
    assert result["running_version"] is None
    assert result["versions"] == ["1.35", "1.34"]
    assert result["default_addon_versions"] == {
        "vpc-cni": "v1.35.1-eksbuild.1",
        "coredns": "v1.35.1-eksbuild.1",
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": "1.36"}, "version 1.36 is none that EKS offers; it offers 1.35, 1.34."),
        ({"version": "1.9"}, "version 1.9 is none that EKS offers; it offers 1.35, 1.34."),
        (
            {"addon_versions": {"vpc-cnj": "v1.0.0-eksbuild.1"}},
            "EKS has no add-on vpc-cnj for Kubernetes 1.35. Did you mean vpc-cni?",
        ),
        (
            {"addon_versions": {"dns": "v1.0.0-eksbuild.1"}},
            "EKS has no add-on dns for Kubernetes 1.35.",
        ),
        (
            {"addon_versions": {"vpc-cni": "v1.34.1-eksbuild.1"}},
            "add-on vpc-cni has no version v1.34.1-eksbuild.1 for Kubernetes 1.35; "
            "it has v1.35.2-eksbuild.1, v1.35.1-eksbuild.1.",
        ),
        (
            {"node_groups": [{"name": "a", "instance_types": ["m9x.large"]}]},
            "node group a asks for m9x.large, which eu-west-1 does not offer.",
        ),
        (
            {"node_groups": [{"name": "a", "instance_types": ["m7i.large", "m7g.large"]}]},
            "node group a asks for m7g.large, which is arm64, "
            "but its image AL2023_x86_64_STANDARD is for x86_64.",
        ),
        (
            {
                "node_groups": [
                    {"name": "a", "instance_types": ["m7i.large"], "ami_type": "BOTTLEROCKET_ARM_64"}
                ]
            },
            "node group a asks for m7i.large, which is x86_64, "
            "but its image BOTTLEROCKET_ARM_64 is for arm64.",
        ),
    ],
)
def test_what_is_not_offered_is_refused_with_what_is(change: dict[str, Any], sentence: str) -> None:
    [refusal] = told(**change)["refusals"]
    assert refusal.startswith(sentence)


@pytest.mark.parametrize(
    ("running", "wanted", "sentence"),
    [
        ("1.35", "1.35", ""),
        ("1.34", "1.35", ""),
        (
            "1.35",
            "1.34",
            "Cluster notejam-test runs Kubernetes 1.35 and 1.34 is asked for, but a cluster never goes back",
        ),
        ("1.33", "1.35", "EKS goes up by one minor version at a time. Set the version to 1.34"),
        ("1.33", "1.33", ""),  # EKS offers it no more, but it runs
    ],
)
def test_the_version_goes_up_by_one(eks: FakeEks, running: str, wanted: str, sentence: str) -> None:
    eks.resources["notejam-test"] = {"status": "ACTIVE", "version": running}
    result = told(version=wanted, addon_versions={})
    assert result["running_version"] == running
    assert [sentence in refusal for refusal in result["refusals"]] == ([True] if sentence else [])


def test_all_that_stands_against_it_is_said_at_once() -> None:
    result = told(
        addon_versions={"kube-proxy": "v1.0.0-eksbuild.1", "x": "v1.0.0-eksbuild.1"},
        node_groups=[{"name": "a", "instance_types": ["m9x.large", "m9y.large"]}],
    )
    assert len(result["refusals"]) == 4
