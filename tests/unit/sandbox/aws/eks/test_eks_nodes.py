"""Node groups and add-ons of EKS, which need a cluster, and CoreDNS nodes."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.aws.conftest import FakeKubernetes
from tests.unit.sandbox.aws.eks.conftest import Account


def test_nodes_come_in_turns_over_the_zones_and_are_ready_with_the_group(
    cluster: Account, kubernetes: FakeKubernetes
) -> None:
    made = cluster.create_nodes(scalingConfig={"minSize": 1, "maxSize": 5, "desiredSize": 4})
    assert made["status"] == "CREATING"
    cluster.wait(seconds=0)
    assert len(kubernetes.names()) == 4
    assert {name.split(".")[0].rsplit("-", 2)[1] for name in kubernetes.names()} == {"0", "1", "2"}
    cluster.wait()
    assert cluster.nodes()["status"] == "ACTIVE"
    entry = cluster.eks.describe_access_entry(clusterName="notes", principalArn=cluster.node_role)[
        "accessEntry"
    ]
    assert (entry["type"], entry["kubernetesGroups"]) == ("EC2_LINUX", ["system:nodes"])


def test_a_group_is_scaled_up_and_down(cluster: Account, kubernetes: FakeKubernetes) -> None:
    cluster.create_nodes(scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 1})
    cluster.wait()
    [first] = kubernetes.names()
    for size in (3, 1):
        cluster.eks.update_nodegroup_config(
            clusterName="notes", nodegroupName="system", scalingConfig={"desiredSize": size}
        )
        assert cluster.nodes()["status"] == "UPDATING"
        for _ in range(3):
            cluster.wait()
        assert len(kubernetes.names()) == size
        assert cluster.nodes()["status"] == "ACTIVE"
    assert kubernetes.names() == [first]


REFUSED_NODES: list[tuple[Any, ...]] = [
    ({"scalingConfig": {"minSize": 3, "maxSize": 2, "desiredSize": 2}}, "can't be greater"),
    ({"scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 5}}, "can't be greater than max size"),
    ({"nodeRole": "arn:aws:iam::123456789012:role/cluster"}, "ec2.amazonaws.com"),
    ({"instanceTypes": ["t3.enormous"]}, "t3.enormous"),
    ({"amiType": "AL2_x86_64"}, "not available"),
    ({"labels": {"eks.amazonaws.com/x": "y"}}, "reserved"),
    ({"taints": [{"key": "a", "effect": "NEVER"}]}, "effect"),
    ({"updateConfig": {"maxUnavailable": 1, "maxUnavailablePercentage": 5}}, "together"),
    ({"launchTemplate": {"name": "t"}, "diskSize": 20}, "within the launch template"),
]


def test_nodes_that_aws_would_not_make_are_refused(cluster: Account, subtests: pytest.Subtests) -> None:
    for changes, message in REFUSED_NODES:
        with subtests.test(message=message):
            with pytest.raises(ClientError, match=message) as error:
                cluster.create_nodes(**changes)
            assert error.value.response["Error"]["Code"] == "InvalidParameterException"


def test_nodes_without_their_policy_never_join(cluster: Account, kubernetes: FakeKubernetes) -> None:
    cluster.iam.detach_role_policy(
        RoleName="nodes", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    )
    cluster.create_nodes()
    cluster.wait()
    failed = cluster.nodes()
    assert failed["status"] == "CREATE_FAILED"
    assert failed["health"]["issues"][0]["code"] == "NodeCreationFailure"
    assert kubernetes.names() == []


def test_coredns_is_degraded_until_there_is_a_node(cluster: Account, kubernetes: FakeKubernetes) -> None:
    for name in ("vpc-cni", "coredns"):
        assert cluster.eks.create_addon(clusterName="notes", addonName=name)["addon"]["status"] == "CREATING"
    cluster.wait()
    assert cluster.addon("vpc-cni")["status"] == "ACTIVE"
    degraded = cluster.addon("coredns")
    assert degraded["status"] == "DEGRADED"
    assert degraded["health"]["issues"][0]["code"] == "InsufficientNumberOfReplicas"
    cluster.create_nodes()
    cluster.wait()
    cluster.wait()
    healed = cluster.addon("coredns")
    assert (healed["status"], healed["health"]["issues"]) == ("ACTIVE", [])


REFUSED_ADDONS: list[tuple[Any, ...]] = [
    ({"addonName": "vpc-cni", "addonVersion": "v0.0.1-eksbuild.1"}, "version specified is not supported"),
    ({"addonName": "unheard-of"}, "is not supported"),
    ({"addonName": "coredns", "configurationValues": "[1"}, "not in a valid JSON or YAML"),
]


def test_an_addon_that_aws_would_not_make_is_refused(cluster: Account, subtests: pytest.Subtests) -> None:
    for parameters, message in REFUSED_ADDONS:
        with subtests.test(message=message), pytest.raises(ClientError, match=message):
            cluster.eks.create_addon(clusterName="notes", **parameters)


def test_the_default_version_of_an_addon_is_one_that_is_offered(cluster: Account) -> None:
    [offered] = cluster.eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.35")["addons"]
    default = next(
        version["addonVersion"]
        for version in offered["addonVersions"]
        if version["compatibilities"][0]["defaultVersion"]
    )
    made = cluster.eks.create_addon(clusterName="notes", addonName="coredns")["addon"]
    assert made["addonVersion"] == default
