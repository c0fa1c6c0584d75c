"""Nothing of the cluster is left, neither in AWS nor with the person who looked into it."""

from __future__ import annotations

import os
from pathlib import Path

import boto3

NAME = "notejam-sandbox"


def test_the_cluster_and_what_its_nodes_start_from_are_gone() -> None:
    assert boto3.client("eks").list_clusters()["clusters"] == []
    assert boto3.client("ec2").describe_launch_templates()["LaunchTemplates"] == []


def test_the_security_group_that_eks_made_is_gone() -> None:
    groups = boto3.client("ec2").describe_security_groups()["SecurityGroups"]
    assert [group["GroupName"] for group in groups if group["GroupName"].startswith("eks-cluster-sg")] == []


def test_its_identities_are_gone() -> None:
    iam = boto3.client("iam")
    purposes = ("control-plane", "nodes", "vpc-cni", "ebs-csi", "application")
    names = {f"{NAME}-{purpose}-eu-west-1" for purpose in purposes}
    assert names.isdisjoint(role["RoleName"] for role in iam.list_roles()["Roles"])
    providers = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert [one["Arn"] for one in providers if "eks" in one["Arn"]] == []


def test_the_kubeconfig_is_gone() -> None:
    assert not (Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "kubeconfig").exists()
