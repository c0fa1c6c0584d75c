"""The cluster as EKS, EC2 and IAM tell of it, and its nodes as Kubernetes does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from kubernetes import client, config

NAME = "notejam-sandbox"
ACCOUNT = os.environ["AWS_ACCOUNT_ID"]
KUBECONFIG = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "kubeconfig"
POLICIES = "arn:aws:eks::aws:cluster-access-policy/"


@pytest.fixture(scope="module")
def eks() -> Any:
    return boto3.client("eks")


@pytest.fixture(scope="module")
def cluster(eks: Any) -> dict[str, Any]:
    return dict(eks.describe_cluster(name=NAME)["cluster"])


@pytest.fixture(scope="module")
def groups(eks: Any) -> dict[str, dict[str, Any]]:
    names = eks.list_nodegroups(clusterName=NAME)["nodegroups"]
    found = (eks.describe_nodegroup(clusterName=NAME, nodegroupName=name)["nodegroup"] for name in names)
    return {group["nodegroupName"]: group for group in found}


def arn(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


def test_the_api_is_reached_inside_the_vpc_only(cluster: dict[str, Any]) -> None:
    network = cluster["resourcesVpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert len(network["subnetIds"]) == 3


def test_all_is_logged_and_secrets_are_encrypted(cluster: dict[str, Any]) -> None:
    on = [types for one in cluster["logging"]["clusterLogging"] if one["enabled"] for types in one["types"]]
    assert sorted(on) == ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    [encryption] = cluster["encryptionConfig"]
    alias = f"alias/{NAME}-cluster"
    key = boto3.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["Arn"]
    assert encryption == {"resources": ["secrets"], "provider": {"keyArn": key}}


def test_only_those_who_are_named_may_enter(eks: Any, cluster: dict[str, Any]) -> None:
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    may: dict[str, list[str]] = {}
    for principal in eks.list_access_entries(clusterName=NAME)["accessEntries"]:
        told = eks.list_associated_access_policies(clusterName=NAME, principalArn=principal)
        may[principal] = [one["policyArn"].removeprefix(POLICIES) for one in told["associatedAccessPolicies"]]
    assert may == {
        arn("OrganizationAccountAccessRole"): ["AmazonEKSClusterAdminPolicy"],
        arn("notejam-sandbox-read-only-global"): ["AmazonEKSViewPolicy"],
        arn("notejam-sandbox-nodes-eu-west-1"): [],
    }


def test_the_addons_work_and_pods_enforce_network_policies(eks: Any) -> None:
    names = eks.list_addons(clusterName=NAME)["addons"]
    addons = {name: eks.describe_addon(clusterName=NAME, addonName=name)["addon"] for name in names}
    assert {name: addon["status"] for name, addon in addons.items()} == dict.fromkeys(
        ["aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"], "ACTIVE"
    )
    assert json.loads(addons["vpc-cni"]["configurationValues"]) == {"enableNetworkPolicy": "true"}


def test_service_accounts_have_roles_of_their_own_by_pod_identity(eks: Any) -> None:
    roles = {}
    for one in eks.list_pod_identity_associations(clusterName=NAME)["associations"]:
        told = eks.describe_pod_identity_association(clusterName=NAME, associationId=one["associationId"])
        roles[one["namespace"], one["serviceAccount"]] = told["association"]["roleArn"].rsplit("/", 1)[-1]
    assert roles == {
        ("kube-system", "aws-node"): "notejam-sandbox-vpc-cni-eu-west-1",
        ("kube-system", "ebs-csi-controller-sa"): "notejam-sandbox-ebs-csi-eu-west-1",
        ("notejam", "notejam"): "notejam-sandbox-application-eu-west-1",
    }


def test_charts_that_only_know_irsa_find_the_clusters_provider(cluster: dict[str, Any]) -> None:
    issuer = cluster["identity"]["oidc"]["issuer"].removeprefix("https://")
    provider = boto3.client("iam").get_open_id_connect_provider(
        OpenIDConnectProviderArn=f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"
    )
    assert provider["ClientIDList"] == ["sts.amazonaws.com"]


@pytest.mark.parametrize("purpose", ["control-plane", "nodes", "vpc-cni", "ebs-csi", "application"])
def test_no_role_can_do_more_than_the_boundary(purpose: str) -> None:
    role = boto3.client("iam").get_role(RoleName=f"{NAME}-{purpose}-eu-west-1")["Role"]
    boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert boundary == f"arn:aws:iam::{ACCOUNT}:policy/{NAME}-boundary-global"


def test_each_kind_of_nodes_is_bought_and_marked_as_declared(groups: dict[str, dict[str, Any]]) -> None:
    told = {
        name: (
            group["status"],
            group["capacityType"],
            group["amiType"],
            group["scalingConfig"]["desiredSize"],
        )
        for name, group in groups.items()
    }
    assert told == {
        "system": ("ACTIVE", "ON_DEMAND", "AL2023_x86_64_STANDARD", 1),
        "application": ("ACTIVE", "SPOT", "AL2023_x86_64_STANDARD", 1),
        "priority": ("ACTIVE", "ON_DEMAND", "AL2023_x86_64_STANDARD", 0),
    }
    assert groups["application"]["labels"] == {
        "notejam.test/kind": "web",
        "platform/node-group": "application",
    }
    taint = {"key": "platform/priority", "value": "high", "effect": "NO_SCHEDULE"}
    assert [groups[name].get("taints", []) for name in sorted(groups)] == [[], [taint], []]


def test_nodes_start_private_with_encrypted_volumes_and_a_guarded_metadata_service(
    cluster: dict[str, Any], groups: dict[str, dict[str, Any]]
) -> None:
    ec2 = boto3.client("ec2")
    key = boto3.client("kms").describe_key(KeyId=f"alias/{NAME}-nodes")["KeyMetadata"]["Arn"]
    for name, group in groups.items():
        subnets = ec2.describe_subnets(SubnetIds=group["subnets"])["Subnets"]
        purposes = {
            tag["Value"] for each in subnets for tag in each["Tags"] if tag["Key"] == "platform:purpose"
        }
        assert purposes == {"private"}
        template = group["launchTemplate"]
        [version] = ec2.describe_launch_template_versions(
            LaunchTemplateId=template["id"], Versions=[template["version"]]
        )["LaunchTemplateVersions"]
        assert version["DefaultVersion"]
        data = version["LaunchTemplateData"]
        assert data["MetadataOptions"]["HttpTokens"] == "required"
        assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
        [volume] = data["BlockDeviceMappings"]
        assert (volume["Ebs"]["Encrypted"], volume["Ebs"]["KmsKeyId"]) == (True, key)
        assert cluster["resourcesVpcConfig"]["clusterSecurityGroupId"] in data["SecurityGroupIds"]
        assert len(data["SecurityGroupIds"]) == 2
        tagged = {one["ResourceType"]: one["Tags"] for one in data["TagSpecifications"]}
        assert sorted(tagged) == ["instance", "network-interface", "volume"]
        assert {"Key": "platform:purpose", "Value": name} in tagged["instance"]


def test_the_kubeconfig_holds_no_secret_and_leads_to_nodes_that_are_ready() -> None:
    [user] = yaml.safe_load(KUBECONFIG.read_text())["users"]
    assert list(user["user"]) == ["exec"]
    config.load_kube_config(str(KUBECONFIG))  # type: ignore[no-untyped-call]
    nodes = [node.to_dict() for node in client.CoreV1Api().list_node().items]
    ready = {
        node["metadata"]["labels"]["platform/node-group"]: condition["status"]
        for node in nodes
        for condition in node["status"]["conditions"]
        if condition["type"] == "Ready"
    }
    assert ready == {"system": "True", "application": "True"}
