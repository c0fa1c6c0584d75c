"""The Auto Scaling group behind a node group, in sight of the account it is in."""

from typing import Any

import pytest

from sandbox.aws import clock
from tests.unit.sandbox.aws.conftest import FakeKubernetes
from tests.unit.sandbox.aws.eks.conftest import Account

SIZES = {"minSize": 1, "maxSize": 5, "desiredSize": 3}
ROUNDS = 10


@pytest.fixture
def autoscaling(client: Any) -> Any:
    return client("autoscaling")


def make(cluster: Account, **changes: Any) -> None:
    cluster.create_nodes(**{"scalingConfig": SIZES} | changes)
    cluster.wait()
    cluster.wait()
    assert cluster.nodes()["status"] == "ACTIVE"


def group(cluster: Account, autoscaling: Any) -> dict[str, Any]:
    [name] = [each["name"] for each in cluster.nodes()["resources"]["autoScalingGroups"]]
    [found] = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return dict(found)


def instances(cluster: Account, state: str = "running") -> list[dict[str, Any]]:
    filters = [{"Name": "instance-state-name", "Values": [state]}]
    found = cluster.ec2.describe_instances(Filters=filters)["Reservations"]
    return [instance for reservation in found for instance in reservation["Instances"]]


def template_of(cluster: Account, **data: Any) -> dict[str, str]:
    made = cluster.ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)
    return {"id": made["LaunchTemplate"]["LaunchTemplateId"], "version": "1"}


def test_every_node_is_an_instance_of_the_group(
    cluster: Account, autoscaling: Any, kubernetes: FakeKubernetes
) -> None:
    make(cluster)
    found = group(cluster, autoscaling)
    assert (found["MinSize"], found["MaxSize"], found["DesiredCapacity"]) == (1, 5, 3)
    there = instances(cluster)
    assert {each["InstanceId"] for each in found["Instances"]} == {each["InstanceId"] for each in there}
    assert {each["PrivateDnsName"] for each in there} == set(kubernetes.names())
    assert {each["SubnetId"] for each in there} == set(cluster.subnets)
    group_id = cluster.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert {each["GroupId"] for one in there for each in one["SecurityGroups"]} == {group_id}


def test_instances_and_group_have_ekss_tags(cluster: Account, autoscaling: Any) -> None:
    make(cluster, tags={"platform:site": "unit"})
    wanted = {
        "eks:cluster-name": "notes",
        "eks:nodegroup-name": "system",
        "kubernetes.io/cluster/notes": "owned",
        "k8s.io/cluster-autoscaler/enabled": "true",
        "k8s.io/cluster-autoscaler/notes": "owned",
    }
    for tagged in (group(cluster, autoscaling), instances(cluster)[0]):
        tags = {tag["Key"]: tag["Value"] for tag in tagged["Tags"]}
        assert tags.items() >= wanted.items()
        assert "platform:site" not in tags  # a node group's own tags are its own


def test_the_launch_template_is_honoured(cluster: Account, kubernetes: FakeKubernetes) -> None:
    disk = {"VolumeSize": 40, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "platform:site", "Value": "unit"}]}]
    template = template_of(
        cluster,
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": disk}],
        TagSpecifications=tags,
    )
    make(cluster, launchTemplate=template, instanceTypes=["m7i.large"])
    instance = instances(cluster)[0]
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert instance["InstanceType"] == "m7i.large"
    assert {"Key": "platform:site", "Value": "unit"} in instance["Tags"]
    [volume, *_] = cluster.ec2.describe_volumes()["Volumes"]
    assert (volume["Size"], volume["Encrypted"]) == (40, True)
    labels = kubernetes.labels[instance["PrivateDnsName"]]
    assert labels["eks.amazonaws.com/sourceLaunchTemplateId"] == template["id"]
    assert labels["eks.amazonaws.com/sourceLaunchTemplateVersion"] == "1"
    assert labels["eks.amazonaws.com/nodegroup-image"] == instance["ImageId"]


def test_instances_take_the_groups_role_from_a_profile_of_ekss(cluster: Account, client: Any) -> None:
    make(cluster)
    instance = instances(cluster)[0]
    assert instance["VirtualizationType"] == "hvm"
    [template] = cluster.ec2.describe_launch_templates()["LaunchTemplates"]
    name = template["LaunchTemplateName"]
    assert instance["IamInstanceProfile"]["Arn"].endswith(f":instance-profile/{name}")
    [role] = client("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
    assert role["Arn"] == cluster.node_role


def test_another_version_of_the_launch_template_replaces_the_nodes(
    cluster: Account, kubernetes: FakeKubernetes
) -> None:
    template = template_of(cluster, MetadataOptions={"HttpTokens": "optional"})
    make(cluster, launchTemplate=template)
    before = set(kubernetes.names())
    cluster.ec2.create_launch_template_version(
        LaunchTemplateId=template["id"], LaunchTemplateData={"MetadataOptions": {"HttpTokens": "required"}}
    )
    cluster.eks.update_nodegroup_version(
        clusterName="notes", nodegroupName="system", launchTemplate={"id": template["id"], "version": "2"}
    )
    for _ in range(ROUNDS):
        cluster.wait(seconds=10)
    assert cluster.nodes()["launchTemplate"]["version"] == "2"
    assert set(kubernetes.names()).isdisjoint(before)
    assert {each["MetadataOptions"]["HttpTokens"] for each in instances(cluster)} == {"required"}


def test_the_group_is_of_its_old_sizes_after_a_replacement(cluster: Account, autoscaling: Any) -> None:
    make(cluster)
    cluster.eks.update_nodegroup_version(
        clusterName="notes", nodegroupName="system", releaseVersion="1.35.0-20260107"
    )
    for _ in range(ROUNDS):
        cluster.wait(seconds=10)
    found = group(cluster, autoscaling)
    assert (found["MinSize"], found["MaxSize"], found["DesiredCapacity"]) == (1, 5, 3)
    assert cluster.nodes()["scalingConfig"] == SIZES
    assert cluster.nodes()["status"] == "ACTIVE"


def test_spot_capacity_is_spot_instances(cluster: Account) -> None:
    make(cluster, capacityType="SPOT", instanceTypes=["m7i.large", "m6i.large"])
    assert {each.get("InstanceLifecycle") for each in instances(cluster)} == {"spot"}


def test_a_change_of_the_auto_scaling_group_is_the_node_groups(
    cluster: Account, autoscaling: Any, kubernetes: FakeKubernetes
) -> None:
    make(cluster)
    name = group(cluster, autoscaling)["AutoScalingGroupName"]
    for sizes in ({"MinSize": 2, "DesiredCapacity": 5}, {"MinSize": 1, "DesiredCapacity": 2}):
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, **sizes)
        for _ in range(2 * ROUNDS):
            cluster.wait(seconds=2)
        assert len(kubernetes.names()) == sizes["DesiredCapacity"] == len(instances(cluster))
        scaling = cluster.nodes()["scalingConfig"]
        assert (scaling["minSize"], scaling["desiredSize"]) == (sizes["MinSize"], sizes["DesiredCapacity"])


def test_what_is_scheduled_for_the_group_brings_nodes(
    cluster: Account, autoscaling: Any, kubernetes: FakeKubernetes
) -> None:
    make(cluster)
    autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName=group(cluster, autoscaling)["AutoScalingGroupName"],
        ScheduledActionName="event",
        Recurrence="* * * * *",
        MinSize=4,
    )
    cluster.later(clock.now() % 60 and 60)
    assert cluster.cloud.scheduled_actions.step() == 1
    for _ in range(ROUNDS):
        cluster.wait(seconds=1)
    assert len(kubernetes.names()) == 4
    assert cluster.nodes()["scalingConfig"] == SIZES | {"minSize": 4, "desiredSize": 4}


def test_an_instance_that_somebody_terminates_is_replaced(
    cluster: Account, kubernetes: FakeKubernetes
) -> None:
    make(cluster)
    lost = instances(cluster)[0]
    cluster.ec2.terminate_instances(InstanceIds=[lost["InstanceId"]])
    for _ in range(ROUNDS):
        cluster.wait(seconds=1)
    assert lost["InstanceId"] not in {each["InstanceId"] for each in instances(cluster)}
    assert {each["PrivateDnsName"] for each in instances(cluster)} == set(kubernetes.names())
    assert (kubernetes.launched, len(kubernetes.names())) == (4, 3)


def test_nothing_of_ekss_stays_when_the_group_goes(cluster: Account, autoscaling: Any, client: Any) -> None:
    make(cluster)
    [template] = cluster.ec2.describe_launch_templates()["LaunchTemplates"]
    assert template["LaunchTemplateName"].startswith("eks-")
    cluster.eks.delete_nodegroup(clusterName="notes", nodegroupName="system")
    cluster.wait()
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert cluster.ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert client("iam").list_instance_profiles()["InstanceProfiles"] == []
    assert cluster.ec2.describe_volumes()["Volumes"] == []
    assert cluster.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert instances(cluster) == []
