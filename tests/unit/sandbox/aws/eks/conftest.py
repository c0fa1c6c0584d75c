"""An account with what an EKS cluster needs, and one with a cluster."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.aws.cloud import Cloud


@dataclass
class Account:
    """An account with what a cluster needs."""

    eks: Any
    ec2: Any
    iam: Any
    subnets: list[str]
    cluster_role: str
    node_role: str
    pod_role: str
    cloud: Cloud
    later: Callable[[float], None]

    def create(self, **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "name": "notes",
            "roleArn": self.cluster_role,
            "resourcesVpcConfig": {"subnetIds": self.subnets},
            "accessConfig": {"authenticationMode": "API"},
        }
        return dict(self.eks.create_cluster(**given | changes)["cluster"])

    def cluster(self) -> dict[str, Any]:
        return dict(self.eks.describe_cluster(name="notes")["cluster"])

    def wait(self, seconds: float = 60) -> None:
        """Let scaled time pass, and the bridge do what is due."""
        self.later(seconds)
        self.cloud.eks.bridge.step()

    def create_nodes(self, **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "clusterName": "notes",
            "nodegroupName": "system",
            "subnets": self.subnets,
            "nodeRole": self.node_role,
        }
        return dict(self.eks.create_nodegroup(**given | changes)["nodegroup"])

    def nodes(self) -> dict[str, Any]:
        return dict(self.eks.describe_nodegroup(clusterName="notes", nodegroupName="system")["nodegroup"])

    def addon(self, name: str) -> dict[str, Any]:
        return dict(self.eks.describe_addon(clusterName="notes", addonName=name)["addon"])


def role(iam: Any, name: str, service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])


@pytest.fixture
def account(client: Any, cloud: Cloud, later: Callable[[float], None]) -> Account:
    ec2, iam = client("ec2"), client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate("abc")
    ]
    node_role = role(iam, "nodes", "ec2.amazonaws.com")
    iam.attach_role_policy(RoleName="nodes", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy")
    return Account(
        client("eks"),
        ec2,
        iam,
        subnets,
        role(iam, "cluster", "eks.amazonaws.com"),
        node_role,
        role(iam, "pods", "pods.eks.amazonaws.com"),
        cloud,
        later,
    )


@pytest.fixture
def cluster(account: Account) -> Account:
    account.create()
    account.wait()
    assert account.cluster()["status"] == "ACTIVE"
    return account
