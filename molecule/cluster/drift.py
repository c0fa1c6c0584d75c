"""What a person in the console might do to the cluster."""

from __future__ import annotations

import os

import boto3

NAME = "notejam-sandbox"
ROLE = f"arn:aws:iam::{os.environ['AWS_ACCOUNT_ID']}:role"


def main() -> None:
    eks, ec2, iam = boto3.client("eks"), boto3.client("ec2"), boto3.client("iam")
    # Open the API to everybody, and let somebody in.
    update = eks.update_cluster_config(
        name=NAME, resourcesVpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}
    )["update"]
    eks.associate_access_policy(
        clusterName=NAME,
        principalArn=f"{ROLE}/notejam-sandbox-read-only-global",
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        accessScope={"type": "cluster"},
    )
    # Take away what marks nodes, and the tags by which the group is known.
    eks.update_nodegroup_config(
        clusterName=NAME,
        nodegroupName="priority",
        taints={
            "removeTaints": [{"key": "platform/priority", "value": "high", "effect": "NO_SCHEDULE"}],
        },
    )
    group = eks.describe_nodegroup(clusterName=NAME, nodegroupName="application")["nodegroup"]
    eks.untag_resource(resourceArn=group["nodegroupArn"], tagKeys=["platform:component", "platform:purpose"])
    # Let the next node of the group tell anybody its secrets.
    ec2.create_launch_template_version(
        LaunchTemplateName=f"{NAME}-system",
        SourceVersion="$Latest",
        LaunchTemplateData={"MetadataOptions": {"HttpTokens": "optional"}},
    )
    ec2.modify_launch_template(LaunchTemplateName=f"{NAME}-system", DefaultVersion="2")
    # Let a role do more than the platform may, and trust the cluster no more.
    iam.delete_role_permissions_boundary(RoleName=f"{NAME}-nodes-eu-west-1")
    issuer = eks.describe_cluster(name=NAME)["cluster"]["identity"]["oidc"]["issuer"]
    provider = issuer.replace("https://", f"{ROLE.removesuffix(':role')}:oidc-provider/")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    eks.get_waiter("cluster_active").wait(name=NAME, WaiterConfig={"Delay": 1})
    assert eks.describe_update(name=NAME, updateId=update["id"])["update"]["status"] == "Successful"


if __name__ == "__main__":
    main()
