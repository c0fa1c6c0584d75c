"""EKS: what AWS refuses is refused, and what was asked for comes about through the bridge, in AWS's order."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from tests.unit.sandbox.aws.conftest import FakeKubernetes

ADMIN = "arn:aws:iam::123456789012:user/administrator"
CLUSTER_ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


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
    ({"version": "1.34"}, "unsupported Kubernetes version 1.34"),
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


def test_the_creator_is_the_clusters_administrator(cluster: Account) -> None:
    assert cluster.eks.list_access_entries(clusterName="notes")["accessEntries"] == [ADMIN]
    [policy] = cluster.eks.list_associated_access_policies(clusterName="notes", principalArn=ADMIN)[
        "associatedAccessPolicies"
    ]
    assert policy["policyArn"] == CLUSTER_ADMIN


def test_the_creator_is_not_if_that_was_not_wanted(account: Account) -> None:
    account.create(
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    )
    assert account.eks.list_access_entries(clusterName="notes")["accessEntries"] == []


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


def test_access_policies_are_bound_for_their_scope(cluster: Account, kubernetes: FakeKubernetes) -> None:
    cluster.eks.create_access_entry(clusterName="notes", principalArn=cluster.pod_role)
    for policy, scope in (
        ("AmazonEKSViewPolicy", {"type": "cluster"}),
        ("AmazonEKSEditPolicy", {"type": "namespace", "namespaces": ["notejam"]}),
    ):
        cluster.eks.associate_access_policy(
            clusterName="notes",
            principalArn=cluster.pod_role,
            policyArn=f"arn:aws:eks::aws:cluster-access-policy/{policy}",
            accessScope=scope,
        )
    cluster.wait()
    assert ("AmazonEKSViewPolicy", None) in kubernetes.bound
    assert ("AmazonEKSEditPolicy", ["notejam"]) in kubernetes.bound


REFUSED_ENTRIES: list[tuple[Any, ...]] = [
    ({"principalArn": "arn:aws:iam::123456789012:role/absent"}, "invalid principal"),
    ({"principalArn": ADMIN}, "already in use"),
    (
        {"principalArn": "arn:aws:iam::123456789012:role/pods", "kubernetesGroups": ["system:masters"]},
        "can't start with",
    ),
    (
        {"principalArn": "arn:aws:iam::123456789012:role/pods", "type": "EC2_LINUX", "username": "me"},
        "can't be set",
    ),
]


def test_an_access_entry_that_aws_would_not_make_is_refused(
    cluster: Account, subtests: pytest.Subtests
) -> None:
    for parameters, message in REFUSED_ENTRIES:
        with subtests.test(message=message), pytest.raises(ClientError, match=message):
            cluster.eks.create_access_entry(clusterName="notes", **parameters)


def test_access_entries_need_their_authentication_mode(account: Account) -> None:
    account.create(accessConfig={"authenticationMode": "CONFIG_MAP"})
    with pytest.raises(ClientError, match="authentication mode must be set"):
        account.eks.list_access_entries(clusterName="notes")


def test_a_pods_role_is_assumed_by_its_service_account_only(
    cluster: Account, client: Any, kubernetes: FakeKubernetes
) -> None:
    given = {"clusterName": "notes", "namespace": "notejam", "serviceAccount": "web"}
    with pytest.raises(ClientError, match=r"pods\.eks\.amazonaws\.com"):
        cluster.eks.create_pod_identity_association(**given, roleArn=cluster.node_role)
    cluster.eks.create_pod_identity_association(**given, roleArn=cluster.pod_role)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        cluster.eks.create_pod_identity_association(**given, roleArn=cluster.pod_role)
    auth = client("eks-auth")
    for service_account, refusal in (
        (None, "InvalidTokenException"),
        (("notejam", "other"), "AccessDeniedException"),
    ):
        kubernetes.service_account = service_account
        with pytest.raises(ClientError, match=refusal):
            auth.assume_role_for_pod_identity(clusterName="notes", token="a.b.c")
    kubernetes.service_account = ("notejam", "web")
    credentials = auth.assume_role_for_pod_identity(clusterName="notes", token="a.b.c")["credentials"]
    pod = client(
        "sts",
        aws_access_key_id=credentials["accessKeyId"],
        aws_secret_access_key=credentials["secretAccessKey"],
        aws_session_token=credentials["sessionToken"],
    )
    assert ":assumed-role/pods/eks-notes-web-" in pod.get_caller_identity()["Arn"]


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
