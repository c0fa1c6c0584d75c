"""What a site's `cluster` component already has."""

from __future__ import annotations

from typing import Any

import boto3
from ansible_collections.notejam.platform.plugins.module_utils.site.cluster import discover

from .fake_eks import FakeEks

TAGS = {"platform:site": "test_eu_west_1"}
OWN = {**TAGS, "platform:component": "cluster"}


def cluster(name: str, **state: Any) -> dict[str, Any]:
    return {
        "name": name,
        "arn": f"arn:aws:eks:eu-west-1:123456789012:cluster/{name}",
        "roleArn": "arn:role",
        "version": "1.35",
        "status": "ACTIVE",
        "endpoint": "https://kubernetes",
        "certificateAuthority": {"data": "UEVN"},
        "identity": {"oidc": {"issuer": "https://issuer"}},
        "resourcesVpcConfig": {"clusterSecurityGroupId": "sg-1"},
        "tags": OWN,
        **state,
    }


def discovered() -> dict[str, Any] | None:
    return discover(boto3.Session(), TAGS)


def test_the_sites_own_cluster_is_found_with_its_node_groups(eks: FakeEks) -> None:
    eks.resources["other"] = cluster("other", tags={**OWN, "platform:site": "elsewhere"})
    eks.resources["mine"] = cluster("mine")
    for name in ("system", "application"):
        eks.resources[f"mine/{name}"] = {"clusterName": "mine", "nodegroupName": name}
    assert discovered() == {
        "name": "mine",
        "arn": "arn:aws:eks:eu-west-1:123456789012:cluster/mine",
        "version": "1.35",
        "endpoint": "https://kubernetes",
        "certificate_authority": "UEVN",
        "oidc_issuer": "https://issuer",
        "oidc_provider_arn": "arn:aws:iam::123456789012:oidc-provider/issuer",
        "security_group_id": "sg-1",
        "node_groups": ["application", "system"],
    }


def test_a_cluster_that_cannot_be_reached_is_none_yet(eks: FakeEks) -> None:
    eks.resources["mine"] = cluster("mine", status="CREATING", endpoint=None)
    assert discovered() is None


def test_a_cluster_on_its_way_out_is_none_any_more(eks: FakeEks) -> None:
    eks.resources["mine"] = cluster("mine", status="DELETING")
    assert discovered() is None
