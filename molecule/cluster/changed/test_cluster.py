"""The cluster with an API that a range may reach, other nodes, and a deployer where a viewer was."""

from __future__ import annotations

import os
from typing import Any

import boto3
import pytest

NAME = "notejam-sandbox"


@pytest.fixture(scope="module")
def eks() -> Any:
    return boto3.client("eks")


def group(eks: Any, name: str) -> dict[str, Any]:
    return dict(eks.describe_nodegroup(clusterName=NAME, nodegroupName=name)["nodegroup"])


def test_the_api_is_open_to_the_range_alone(eks: Any) -> None:
    network = eks.describe_cluster(name=NAME)["cluster"]["resourcesVpcConfig"]
    assert (network["endpointPublicAccess"], network["publicAccessCidrs"]) == (True, ["203.0.113.0/24"])
    assert network["endpointPrivateAccess"]


def test_other_nodes_took_the_place_of_those_that_cannot_be_changed(eks: Any) -> None:
    assert sorted(eks.list_nodegroups(clusterName=NAME)["nodegroups"]) == ["application-2", "system"]
    application = group(eks, "application-2")
    assert (application["status"], application["instanceTypes"]) == ("ACTIVE", ["m7i.xlarge", "m7a.xlarge"])
    assert application["labels"]["notejam.test/kind"] == "api"
    assert application["labels"]["platform/node-group"] == "application"


def test_a_group_that_stays_has_larger_volumes_and_limits(eks: Any) -> None:
    system = group(eks, "system")
    assert system["scalingConfig"] == {"minSize": 1, "maxSize": 4, "desiredSize": 1}
    ec2 = boto3.client("ec2")
    template = system["launchTemplate"]
    [version] = ec2.describe_launch_template_versions(
        LaunchTemplateId=template["id"], Versions=[template["version"]]
    )["LaunchTemplateVersions"]
    assert version["LaunchTemplateData"]["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 60
    names = [one["LaunchTemplateName"] for one in ec2.describe_launch_templates()["LaunchTemplates"]]
    own = sorted(name for name in names if not name.startswith("eks-"))  # EKS copies each for its own use
    assert own == [f"{NAME}-application", f"{NAME}-system"]


def test_who_looked_may_deploy_in_the_namespace_only(eks: Any) -> None:
    account = os.environ["AWS_ACCOUNT_ID"]
    principal = f"arn:aws:iam::{account}:role/{NAME}-read-only-global"
    told = eks.list_associated_access_policies(clusterName=NAME, principalArn=principal)
    [policy] = told["associatedAccessPolicies"]
    assert policy["policyArn"].endswith("/AmazonEKSEditPolicy")
    assert policy["accessScope"] == {"type": "namespace", "namespaces": ["notejam"]}
