"""Clusters of EKS: what AWS refuses is refused, and what was asked for comes about through the bridge."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.aws.conftest import FakeKubernetes
from tests.unit.sandbox.aws.eks.conftest import Account


def test_a_cluster_is_being_made_until_its_time_is_over_and_its_control_plane_is_ready(
    account: Account, kubernetes: FakeKubernetes
) -> None:
    made = account.create(tags={"platform:site": "unit"})
    assert made["status"] == "CREATING"
    assert "endpoint" not in made
    account.wait(seconds=1)
    assert account.cluster()["status"] == "CREATING"
    kubernetes.control_plane_ready = False
    account.wait()
    assert account.cluster()["status"] == "CREATING"
    kubernetes.control_plane_ready = True
    account.wait()
    described = account.cluster()
    assert described["status"] == "ACTIVE"
    assert described["endpoint"] == kubernetes.endpoint
    assert described["certificateAuthority"]["data"]
    assert described["identity"]["oidc"]["issuer"] == kubernetes.oidc_issuer
    assert described["tags"] == {"platform:site": "unit"}
    [group] = account.ec2.describe_security_groups(
        GroupIds=[described["resourcesVpcConfig"]["clusterSecurityGroupId"]]
    )["SecurityGroups"]
    assert {"Key": "kubernetes.io/cluster/notes", "Value": "owned"} in group["Tags"]
    assert group["VpcId"] == described["resourcesVpcConfig"]["vpcId"]


def test_what_a_cluster_is_not_told_has_awss_defaults(account: Account) -> None:
    made = account.create(accessConfig={})
    network = made["resourcesVpcConfig"]
    assert (network["endpointPublicAccess"], network["endpointPrivateAccess"]) == (True, False)
    assert network["publicAccessCidrs"] == ["0.0.0.0/0"]
    assert made["accessConfig"]["authenticationMode"] == "CONFIG_MAP"
    assert made["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"
    assert made["upgradePolicy"]["supportType"] == "EXTENDED"
    assert made["deletionProtection"] is False
    assert [part["enabled"] for part in made["logging"]["clusterLogging"]] == [False]
    assert made["version"] == "1.35"


REFUSED_CLUSTERS: list[tuple[Any, ...]] = [
    ({"name": "-notes"}, "alphanumeric"),
    ({"version": "1.30"}, "unsupported Kubernetes version 1.30"),
    ({"version": "1.36"}, "unsupported Kubernetes version 1.36"),
    ({"roleArn": "arn:aws:iam::123456789012:role/absent"}, "does not exist or the trusted entity"),
    ({"roleArn": "arn:aws:iam::123456789012:role/nodes"}, "does not exist or the trusted entity"),
    ({"resourcesVpcConfig": {"subnetIds": ["subnet-00000000000000000"]}}, "does not exist"),
    ({"resourcesVpcConfig": {"subnetIds": []}}, "can't be empty"),
    ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.0.0.0/16"}}, "overlaps"),
    ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "8.8.0.0/16"}}, "must lie in"),
    ({"accessConfig": {"authenticationMode": "NONE"}}, "authenticationMode"),
    (
        {"encryptionConfig": [{"resources": ["pods"], "provider": {"keyArn": "arn:aws:kms:x"}}]},
        "only .*secrets",
    ),
    (
        {
            "encryptionConfig": [
                {
                    "resources": ["secrets"],
                    "provider": {"keyArn": "arn:aws:kms:eu-west-1:123456789012:key/none"},
                }
            ]
        },
        "Invalid keyId|does not exist|not found",
    ),
]


def test_a_cluster_that_aws_would_not_make_is_refused(account: Account, subtests: pytest.Subtests) -> None:
    for changes, message in REFUSED_CLUSTERS:
        with subtests.test(message=message):
            with pytest.raises(ClientError, match=message) as error:
                account.create(**changes)
            assert error.value.response["Error"]["Code"] == "InvalidParameterException"
            assert account.eks.list_clusters()["clusters"] == []


def test_subnets_must_be_in_two_zones(account: Account) -> None:
    with pytest.raises(ClientError, match="two different AZs"):
        account.create(resourcesVpcConfig={"subnetIds": account.subnets[:1]})


def test_an_endpoint_that_nobody_reaches_is_refused(account: Account) -> None:
    with pytest.raises(ClientError, match="cannot be false"):
        account.create(resourcesVpcConfig={"subnetIds": account.subnets, "endpointPublicAccess": False})


def test_every_cluster_has_a_kubernetes_of_its_own(cluster: Account, client: Any) -> None:
    """One name in two regions is two clusters; the first of the sandbox's account is the sandbox's own."""
    with pytest.raises(ClientError, match="ResourceInUseException"):
        cluster.create()
    kubernetes = cluster.cloud.eks.bridge.clusters.kubernetes
    ec2, eks = (client(name, region="eu-central-1") for name in ("ec2", "eks"))
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    other = {"name": "notes", "roleArn": cluster.cluster_role, "resourcesVpcConfig": {"subnetIds": subnets}}
    eks.create_cluster(**other)
    cluster.wait()
    assert eks.describe_cluster(name="notes")["cluster"]["status"] == "ACTIVE"
    assert eks.list_nodegroups(clusterName="notes")["nodegroups"] == []
    assert kubernetes.places == {"": ("123456789012", "eu-west-1"), "k1": ("123456789012", "eu-central-1")}
    eks.delete_cluster(name="notes")
    cluster.wait()
    assert set(kubernetes.places) == {""}
    assert cluster.cluster()["status"] == "ACTIVE"


def test_a_retried_creation_makes_one_cluster(account: Account) -> None:
    account.create(clientRequestToken="one")
    assert account.create(clientRequestToken="one")["status"] == "CREATING"


def test_dependents_wait_for_the_cluster(account: Account) -> None:
    account.create()
    with pytest.raises(ClientError, match="not in ACTIVE status"):
        account.create_nodes()
    with pytest.raises(ClientError, match="not in ACTIVE status"):
        account.eks.create_addon(clusterName="notes", addonName="vpc-cni")


def test_one_part_of_the_configuration_changes_and_the_rest_stays(cluster: Account) -> None:
    before = cluster.cluster()["resourcesVpcConfig"]
    update = cluster.eks.update_cluster_config(
        name="notes",
        resourcesVpcConfig={"endpointPrivateAccess": True, "publicAccessCidrs": ["192.0.2.0/24"]},
    )["update"]
    assert (update["status"], update["type"]) == ("InProgress", "EndpointAccessUpdate")
    assert cluster.cluster()["status"] == "UPDATING"
    with pytest.raises(ClientError, match="ResourceInUseException"):
        cluster.eks.update_cluster_config(name="notes", deletionProtection=True)
    cluster.wait()
    after = cluster.cluster()["resourcesVpcConfig"]
    assert after == before | {"endpointPrivateAccess": True, "publicAccessCidrs": ["192.0.2.0/24"]}
    assert (
        cluster.eks.describe_update(name="notes", updateId=update["id"])["update"]["status"] == "Successful"
    )
    assert cluster.eks.list_updates(name="notes")["updateIds"] == [update["id"]]


def test_an_update_that_changes_nothing_is_refused(cluster: Account) -> None:
    with pytest.raises(ClientError, match="already at the desired configuration"):
        cluster.eks.update_cluster_config(name="notes", resourcesVpcConfig={"endpointPublicAccess": True})


def test_two_updates_at_once_are_refused(cluster: Account) -> None:
    with pytest.raises(ClientError, match="one kind of configuration"):
        cluster.eks.update_cluster_config(
            name="notes", deletionProtection=True, upgradePolicy={"supportType": "STANDARD"}
        )


def test_the_authentication_mode_goes_one_way(cluster: Account) -> None:
    with pytest.raises(ClientError, match="Unsupported authentication mode update"):
        cluster.eks.update_cluster_config(name="notes", accessConfig={"authenticationMode": "CONFIG_MAP"})


def test_tags_of_every_kind_of_resource_change(cluster: Account) -> None:
    cluster.create_nodes(tags={"a": "1"})
    for arn in (cluster.cluster()["arn"], cluster.nodes()["nodegroupArn"]):
        cluster.eks.tag_resource(resourceArn=arn, tags={"b": "2", "c": "3"})
        cluster.eks.untag_resource(resourceArn=arn, tagKeys=["a", "c"])
        assert cluster.eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}


def test_a_cluster_goes_when_nothing_holds_it(cluster: Account, kubernetes: FakeKubernetes) -> None:
    cluster.create_nodes()
    cluster.wait()
    with pytest.raises(ClientError, match="Cluster has nodegroups attached"):
        cluster.eks.delete_cluster(name="notes")
    cluster.eks.delete_nodegroup(clusterName="notes", nodegroupName="system")
    assert cluster.nodes()["status"] == "DELETING"
    cluster.wait()
    assert kubernetes.names() == []
    cluster.eks.update_cluster_config(name="notes", deletionProtection=True)
    cluster.wait()
    with pytest.raises(ClientError, match=r"InvalidRequestException.*deletion protection"):
        cluster.eks.delete_cluster(name="notes")
    cluster.eks.update_cluster_config(name="notes", deletionProtection=False)
    cluster.wait()
    group = cluster.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert cluster.eks.delete_cluster(name="notes")["cluster"]["status"] == "DELETING"
    cluster.wait()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cluster.cluster()
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        cluster.ec2.describe_security_groups(GroupIds=[group])
