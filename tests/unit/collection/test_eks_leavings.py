"""What an EKS cluster's controllers left is removed by their tags, what is needed by a living one is not."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from ansible_collections.notejam.platform.plugins.modules import eks_leavings

from .modules import run_module

pytestmark = pytest.mark.usefixtures("strict_account")

CLUSTER = "notejam-test"
MODULE = "eks_leavings"


@pytest.fixture(autouse=True)
def _no_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eks_leavings, "POLL", 0)


@pytest.fixture
def ec2() -> Any:
    return boto3.client("ec2", "eu-west-1")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def subnets(ec2: Any, vpc: str) -> list[str]:
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")
        for n, zone in enumerate("ab")
    ]
    return [each["Subnet"]["SubnetId"] for each in made]


def tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{"ResourceType": kind, "Tags": pairs}] if pairs else []


OWNED = {f"kubernetes.io/cluster/{CLUSTER}": "owned"}


def volume(ec2: Any, **tags: str) -> str:
    made = ec2.create_volume(
        AvailabilityZone="eu-west-1a", Size=1, TagSpecifications=tagged("volume", **tags)
    )
    return str(made["VolumeId"])


def group(ec2: Any, vpc: str, name: str, **tags: str) -> str:
    made = ec2.create_security_group(
        GroupName=name, Description=name, VpcId=vpc, TagSpecifications=tagged("security-group", **tags)
    )
    return str(made["GroupId"])


def left(ec2: Any) -> set[str]:
    """Ids of the volumes, interfaces and groups that are there."""
    volumes = ec2.describe_volumes()["Volumes"]
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    groups = ec2.describe_security_groups()["SecurityGroups"]
    return {
        *(each["VolumeId"] for each in volumes),
        *(each["NetworkInterfaceId"] for each in interfaces),
        *(each["GroupId"] for each in groups if each["GroupName"] != "default"),
    }


def test_everything_of_a_cluster_that_is_gone(ec2: Any, vpc: str, subnets: list[str]) -> None:
    ours = [volume(ec2, **OWNED), group(ec2, vpc, "k8s-traffic", **{"elbv2.k8s.aws/cluster": CLUSTER})]
    interface = ec2.create_network_interface(
        SubnetId=subnets[0],
        TagSpecifications=tagged("network-interface", **{"cluster.k8s.amazonaws.com/name": CLUSTER}),
    )
    ours.append(interface["NetworkInterface"]["NetworkInterfaceId"])
    kept = {
        volume(ec2, **{"kubernetes.io/cluster/other": "owned"}),
        volume(ec2, **{f"kubernetes.io/cluster/{CLUSTER}": "shared"}),
        group(ec2, vpc, "nodes", **{**OWNED, "platform:component": "security_groups"}),
    }
    # The rules of another group name the one that goes, and one besides.
    other = group(ec2, vpc, "database")
    kept.add(other)
    pairs = [{"GroupId": ours[1]}, {"GroupId": other}]
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": pairs}
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])

    planned = run_module(MODULE, check_mode=True, cluster_name=CLUSTER)
    assert planned.writes == []
    done = run_module(MODULE, cluster_name=CLUSTER)
    assert set(done.result["deleted"]) == set(ours) == set(planned.result["deleted"])
    assert left(ec2) == kept
    [permission] = ec2.describe_security_groups(GroupIds=[other])["SecurityGroups"][0]["IpPermissions"]
    assert [pair["GroupId"] for pair in permission["UserIdGroupPairs"]] == [other]
    for check_mode in (True, False):
        again = run_module(MODULE, check_mode=check_mode, cluster_name=CLUSTER)
        assert not again.changed
        assert again.writes == []


def test_a_living_cluster_gives_back_load_balancers_only(ec2: Any, vpc: str, subnets: list[str]) -> None:
    boto3.client("eks", "eu-west-1").create_cluster(
        name=CLUSTER,
        roleArn="arn:aws:iam::123456789012:role/control-plane",
        resourcesVpcConfig={"subnetIds": subnets},
    )
    kept = volume(ec2, **OWNED)
    elbv2 = boto3.client("elbv2", "eu-west-1")
    for cluster in (CLUSTER, "other"):
        tags = [{"Key": "elbv2.k8s.aws/cluster", "Value": cluster}]
        elbv2.create_load_balancer(Name=cluster, Scheme="internal", Subnets=subnets, Tags=tags)
        elbv2.create_target_group(Name=cluster, Protocol="HTTP", Port=80, VpcId=vpc, Tags=tags)
    done = run_module(MODULE, cluster_name=CLUSTER)
    assert len(done.result["deleted"]) == 2
    assert [each["LoadBalancerName"] for each in elbv2.describe_load_balancers()["LoadBalancers"]] == [
        "other"
    ]
    assert [each["TargetGroupName"] for each in elbv2.describe_target_groups()["TargetGroups"]] == ["other"]
    assert kept in left(ec2)


def test_what_is_in_use_is_told(ec2: Any, subnets: list[str]) -> None:
    image = ec2.describe_images()["Images"][0]["ImageId"]
    asked = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "SubnetId": subnets[0]}
    instance = ec2.run_instances(**asked)["Instances"][0]
    zone = instance["Placement"]["AvailabilityZone"]
    made = ec2.create_volume(AvailabilityZone=zone, Size=1, TagSpecifications=tagged("volume", **OWNED))
    ec2.attach_volume(Device="/dev/xvdb", InstanceId=instance["InstanceId"], VolumeId=made["VolumeId"])
    told = run_module(MODULE, cluster_name=CLUSTER, wait_timeout=0)
    assert told.result["remaining"] == [made["VolumeId"]]
    assert f"{made['VolumeId']} is still in use" in str(told.warnings)
    assert made["VolumeId"] in left(ec2)
