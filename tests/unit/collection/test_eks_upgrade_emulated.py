"""The modules that upgrade a cluster, against the sandbox's EKS: step by step, as the playbook goes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from sandbox.aws.creation_times import SECONDS

from .modules import four_steps, run_module

OLD, NEW = "1.34", "1.35"
CLUSTER = {"cluster_name": "notes"}
PROXY = {"addon_name": "kube-proxy", "addon_version": "v1.35.0-eksbuild.2", "kubernetes_version": NEW}


def role(name: str, service: str, *policies: str) -> str:
    iam = boto3.client("iam")
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    for policy in policies:
        iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    return str(arn)


def wait(describe: Any) -> None:
    deadline = time.monotonic() + 30
    while describe()["status"] != "ACTIVE":
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def eks(cloud: Any) -> Iterator[Any]:
    """A cluster of the older version with an add-on and nodes."""
    cloud.eks.bridge.start()
    eks, ec2 = boto3.client("eks"), boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"eu-west-1{zone}")[
            "Subnet"
        ]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    eks.create_cluster(
        name="notes",
        version=OLD,
        roleArn=role("cluster", "eks.amazonaws.com"),
        resourcesVpcConfig={"subnetIds": subnets},
    )
    wait(lambda: eks.describe_cluster(name="notes")["cluster"])
    eks.create_nodegroup(
        clusterName="notes",
        nodegroupName="system",
        subnets=subnets,
        nodeRole=role("nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy"),
    )
    wait(lambda: eks.describe_nodegroup(clusterName="notes", nodegroupName="system")["nodegroup"])
    eks.create_addon(
        clusterName="notes", addonName="kube-proxy", configurationValues='{"podLabels": {"a": "b"}}'
    )
    wait(lambda: eks.describe_addon(clusterName="notes", addonName="kube-proxy")["addon"])
    yield eks
    cloud.eks.bridge.stop()


def test_a_cluster_goes_up_step_by_step(eks: Any) -> None:
    early = run_module("eks_nodegroup_upgrade", **CLUSTER, nodegroup_name="system", version=NEW)
    assert "Upgrade the control plane first" in early.result["msg"]
    assert four_steps("eks_cluster_upgrade", **CLUSTER, version=NEW).writes == ["UpdateClusterVersion"]
    assert four_steps("eks_addon_upgrade", **CLUSTER, **PROXY).writes == ["UpdateAddon"]
    nodes = four_steps("eks_nodegroup_upgrade", **CLUSTER, nodegroup_name="system", version=NEW)
    assert nodes.writes == ["UpdateNodegroupVersion"]
    assert run_module("eks_version_info", **CLUSTER).result["versions"] == {
        "control plane": NEW,
        "node group system": NEW,
    }
    addon = eks.describe_addon(clusterName="notes", addonName="kube-proxy")["addon"]
    assert json.loads(addon["configurationValues"]) == {"podLabels": {"a": "b"}}


def test_what_somebody_has_begun_is_followed_and_begun_once(
    eks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough that it is under way yet when the module looks, however busy the machine is.
    monkeypatch.setitem(SECONDS, "eks-cluster-version-update", 9000)
    begun = eks.update_cluster_version(name="notes", version=NEW)["update"]["id"]
    run = run_module("eks_cluster_upgrade", **CLUSTER, version=NEW)
    assert run.changed
    assert run.writes == []
    assert eks.list_updates(name="notes")["updateIds"] == [begun]
    assert eks.describe_update(name="notes", updateId=begun)["update"]["status"] == "Successful"


def test_what_eks_would_refuse_is_refused_before(eks: Any) -> None:
    for version, message in {
        "1.33": "a cluster never goes back",
        "1.36": "EKS goes up by one minor version at a time",
    }.items():
        run = run_module("eks_cluster_upgrade", check_mode=True, **CLUSTER, version=version)
        assert message in run.result["msg"]
        assert run.writes == []
