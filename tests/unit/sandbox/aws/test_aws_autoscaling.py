"""Auto Scaling groups of the extended moto: what they launch where, and what is scheduled for them."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from sandbox.aws import clock
from sandbox.aws.cloud import Cloud
from sandbox.aws.emulator import Moto

GROUP = "nodes"


@pytest.fixture
def ec2(client: Any) -> Any:
    return client("ec2")


@pytest.fixture
def subnets(ec2: Any) -> list[str]:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate("abc")
    ]


@pytest.fixture
def template(ec2: Any) -> dict[str, Any]:
    data = {
        "ImageId": "ami-12345678",
        "InstanceType": "m7i.large",
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/xvda",
                "Ebs": {
                    "VolumeSize": 40,
                    "VolumeType": "gp3",
                    "Encrypted": True,
                    "DeleteOnTermination": True,
                },
            }
        ],
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "1"}]},
            {"ResourceType": "volume", "Tags": [{"Key": "b", "Value": "2"}]},
        ],
    }
    made = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)
    return {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}


@pytest.fixture
def create(client: Any, subnets: list[str], template: dict[str, Any]) -> Callable[..., Any]:
    autoscaling = client("autoscaling")

    def make(name: str = GROUP, **changes: Any) -> Any:
        given = {
            "AutoScalingGroupName": name,
            "MinSize": 1,
            "MaxSize": 5,
            "DesiredCapacity": 3,
            "VPCZoneIdentifier": ",".join(subnets),
            "LaunchTemplate": template,
            "Tags": [{"Key": "c", "Value": "3", "PropagateAtLaunch": True}],
        }
        given |= changes
        autoscaling.create_auto_scaling_group(
            **{key: value for key, value in given.items() if value is not None}
        )
        return autoscaling

    return make


def group(autoscaling: Any) -> dict[str, Any]:
    [found] = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    return dict(found)


def instances(ec2: Any, autoscaling: Any) -> list[dict[str, Any]]:
    ids = [instance["InstanceId"] for instance in group(autoscaling)["Instances"]]
    found = ec2.describe_instances(InstanceIds=ids)["Reservations"]
    return [instance for reservation in found for instance in reservation["Instances"]]


def timeless(told: Any) -> Any:
    """What was told without its times, of which a replay may make the second before."""
    if isinstance(told, dict):
        return {
            key: timeless(value) for key, value in told.items() if not isinstance(value, datetime.datetime)
        }
    return [timeless(each) for each in told] if isinstance(told, list) else told


def test_instances_come_in_turns_over_the_zones(create: Any) -> None:
    zones = [instance["AvailabilityZone"] for instance in group(create())["Instances"]]
    assert sorted(zones) == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


def test_an_instance_is_what_its_template_says(create: Any, ec2: Any) -> None:
    [instance] = instances(ec2, create(DesiredCapacity=1))
    assert (instance["InstanceType"], instance["ImageId"]) == ("m7i.large", "ami-12345678")
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    [device] = instance["BlockDeviceMappings"]
    [volume] = ec2.describe_volumes(VolumeIds=[device["Ebs"]["VolumeId"]])["Volumes"]
    assert (volume["Size"], volume["Encrypted"]) == (40, True)
    assert {"Key": "b", "Value": "2"} in volume["Tags"]
    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert tags.items() >= {"a": "1", "c": "3", "aws:autoscaling:groupName": GROUP}.items()
    assert instance["PrivateDnsName"].endswith(".eu-west-1.compute.internal")


def test_another_version_of_the_template_is_for_new_instances(
    create: Any, ec2: Any, template: dict[str, Any]
) -> None:
    autoscaling = create(DesiredCapacity=1)
    ec2.create_launch_template_version(
        LaunchTemplateId=template["LaunchTemplateId"],
        SourceVersion="1",
        LaunchTemplateData={"ImageId": "ami-87654321", "InstanceType": "m7i.large"},
    )
    autoscaling.update_auto_scaling_group(
        AutoScalingGroupName=GROUP, LaunchTemplate={**template, "Version": "2"}, DesiredCapacity=2
    )
    assert {i["LaunchTemplate"]["Version"] for i in group(autoscaling)["Instances"]} == {"1", "2"}
    assert {i["ImageId"] for i in instances(ec2, autoscaling)} == {"ami-12345678", "ami-87654321"}


def test_spot_instances_fill_what_is_not_on_demand(create: Any, ec2: Any, template: dict[str, Any]) -> None:
    autoscaling = create(
        LaunchTemplate=None,
        DesiredCapacity=4,
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": template,
                "Overrides": [{"InstanceType": "m6i.large"}, {"InstanceType": "m7i.large"}],
            },
            "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0},
        },
    )
    found = instances(ec2, autoscaling)
    assert [instance.get("InstanceLifecycle") for instance in found].count("spot") == 3
    assert {instance["InstanceType"] for instance in found} == {"m6i.large"}
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, MaxSize=9)
    assert group(autoscaling)["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]


REFUSED: list[tuple[Any, ...]] = [
    ({"MinSize": 4, "MaxSize": 2}, "Max bound, 2, must be greater"),
    ({"DesiredCapacity": 9}, "Desired capacity:9 must be between"),
]


def test_sizes_that_cannot_be_are_refused(create: Any, subtests: pytest.Subtests) -> None:
    autoscaling = create()
    for sizes, message in REFUSED:
        with subtests.test(sizes=sizes):
            with pytest.raises(ClientError, match=f"ValidationError.*{message}"):
                create("another", **sizes)
            with pytest.raises(ClientError, match=f"ValidationError.*{message}"):
                autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, **sizes)
    with pytest.raises(ClientError, match="above max value 5"):
        autoscaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=6)
    with pytest.raises(ClientError, match=r"ValidationError.*not found"):
        autoscaling.set_desired_capacity(AutoScalingGroupName="absent", DesiredCapacity=1)
    with pytest.raises(ClientError, match="AlreadyExists"):
        create()


def test_the_desired_size_follows_its_bounds(create: Any) -> None:
    autoscaling = create()
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, MinSize=4)
    assert (group(autoscaling)["DesiredCapacity"], len(group(autoscaling)["Instances"])) == (4, 4)
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, MinSize=0, MaxSize=2)
    assert (group(autoscaling)["DesiredCapacity"], len(group(autoscaling)["Instances"])) == (2, 2)


def test_the_zone_with_most_instances_loses_one_first(create: Any) -> None:
    autoscaling = create(DesiredCapacity=4)
    first, *_ = before = [instance["InstanceId"] for instance in group(autoscaling)["Instances"]]
    autoscaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=3)
    left = group(autoscaling)["Instances"]
    assert {instance["AvailabilityZone"] for instance in left} == {"eu-west-1a", "eu-west-1b", "eu-west-1c"}
    assert first in [instance["InstanceId"] for instance in left]
    assert {instance["InstanceId"] for instance in left} < set(before)


def test_an_instance_with_a_hook_waits_until_its_action_is_completed(create: Any, ec2: Any) -> None:
    autoscaling = create(DesiredCapacity=1, MinSize=0)
    autoscaling.put_lifecycle_hook(
        LifecycleHookName="drain",
        AutoScalingGroupName=GROUP,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
    )
    [instance] = group(autoscaling)["Instances"]
    completion = {
        "AutoScalingGroupName": GROUP,
        "LifecycleHookName": "drain",
        "InstanceId": instance["InstanceId"],
        "LifecycleActionResult": "CONTINUE",
    }
    with pytest.raises(ClientError, match="No active Lifecycle Action"):
        autoscaling.complete_lifecycle_action(**completion)
    autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=instance["InstanceId"], ShouldDecrementDesiredCapacity=True
    )
    assert [i["LifecycleState"] for i in group(autoscaling)["Instances"]] == ["Terminating:Wait"]
    assert group(autoscaling)["DesiredCapacity"] == 0
    assert [i["State"]["Name"] for i in instances(ec2, autoscaling)] == ["running"]
    autoscaling.complete_lifecycle_action(**completion)
    assert group(autoscaling)["Instances"] == []
    [reservation] = ec2.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"]
    assert reservation["Instances"][0]["State"]["Name"] == "terminated"


def test_a_termination_that_would_leave_too_few_is_refused(create: Any) -> None:
    autoscaling = create(DesiredCapacity=1)
    [instance] = group(autoscaling)["Instances"]
    with pytest.raises(ClientError, match="desiredSize equals minSize"):
        autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=instance["InstanceId"], ShouldDecrementDesiredCapacity=True
        )
    autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=instance["InstanceId"], ShouldDecrementDesiredCapacity=False
    )
    [other] = group(autoscaling)["Instances"]
    assert other["InstanceId"] != instance["InstanceId"]


def test_a_group_with_instances_goes_by_force_only(create: Any, ec2: Any) -> None:
    autoscaling = create()
    in_a_day = datetime.datetime.fromtimestamp(clock.now() + 86400, tz=datetime.UTC)
    autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName=GROUP, ScheduledActionName="up", StartTime=in_a_day, MinSize=3
    )
    with pytest.raises(ClientError, match="ResourceInUse"):
        autoscaling.delete_auto_scaling_group(AutoScalingGroupName=GROUP)
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=GROUP, ForceDelete=True)
    running = [{"Name": "instance-state-name", "Values": ["running"]}]
    assert ec2.describe_instances(Filters=running)["Reservations"] == []
    assert autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []


def at(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(clock.now() + seconds, tz=datetime.UTC)


def schedule(autoscaling: Any, name: str = "up", **changes: Any) -> None:
    given = {"AutoScalingGroupName": GROUP, "ScheduledActionName": name} | changes
    autoscaling.put_scheduled_update_group_action(**given)


def scheduled(autoscaling: Any, **of: str) -> list[dict[str, Any]]:
    return list(autoscaling.describe_scheduled_actions(**of)["ScheduledUpdateGroupActions"])


def test_an_action_acts_at_its_time_and_is_gone(
    create: Any, cloud: Cloud, later: Callable[[float], None]
) -> None:
    autoscaling = create()
    schedule(autoscaling, StartTime=at(100), MinSize=4, MaxSize=8)
    [action] = scheduled(autoscaling, AutoScalingGroupName=GROUP)
    assert (action["MinSize"], action["MaxSize"]) == (4, 8)
    assert action["ScheduledActionARN"].endswith(":autoScalingGroupName/nodes:scheduledActionName/up")
    assert cloud.scheduled_actions.step() == 0
    later(101)
    assert cloud.scheduled_actions.step() == 1
    after = group(autoscaling)
    assert (after["MinSize"], after["MaxSize"], after["DesiredCapacity"]) == (4, 8, 4)
    assert len(after["Instances"]) == 4
    assert scheduled(autoscaling) == []
    assert cloud.scheduled_actions.step() == 0


def test_an_action_that_recurs_acts_each_time(
    create: Any, cloud: Cloud, later: Callable[[float], None]
) -> None:
    autoscaling = create()
    schedule(autoscaling, Recurrence="* * * * *", DesiredCapacity=5)
    for _ in range(2):
        later(60)
        assert cloud.scheduled_actions.step() == 1
        assert group(autoscaling)["DesiredCapacity"] == 5
        autoscaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=1)
        assert cloud.scheduled_actions.step() == 0
    assert len(scheduled(autoscaling)) == 1


def test_an_action_ends_when_it_should(create: Any, cloud: Cloud, later: Callable[[float], None]) -> None:
    autoscaling = create()
    schedule(autoscaling, Recurrence="* * * * *", EndTime=at(120), DesiredCapacity=5)
    for _ in range(4):
        later(60)
        cloud.scheduled_actions.step()
    assert scheduled(autoscaling) == []


def test_the_same_name_in_two_groups_is_two_actions(create: Any) -> None:
    autoscaling = create()
    create("others")
    for name in (GROUP, "others"):
        schedule(autoscaling, AutoScalingGroupName=name, StartTime=at(60), MinSize=1)
    assert len(scheduled(autoscaling)) == 2
    autoscaling.delete_scheduled_action(AutoScalingGroupName="others", ScheduledActionName="up")
    assert [action["AutoScalingGroupName"] for action in scheduled(autoscaling)] == [GROUP]
    with pytest.raises(ClientError, match="Scheduled action name not found"):
        autoscaling.delete_scheduled_action(AutoScalingGroupName="others", ScheduledActionName="up")


def test_an_action_that_is_put_again_is_another_time(create: Any) -> None:
    autoscaling = create()
    schedule(autoscaling, StartTime=at(60), MinSize=1)
    [before] = scheduled(autoscaling)
    schedule(autoscaling, StartTime=at(120), MinSize=2)
    [after] = scheduled(autoscaling)
    assert (after["ScheduledActionARN"], after["MinSize"]) == (before["ScheduledActionARN"], 2)
    assert after["StartTime"] > before["StartTime"]


REFUSED_ACTIONS: list[tuple[Any, ...]] = [
    ({"AutoScalingGroupName": "absent", "StartTime": 60, "MinSize": 1}, "ValidationError.*not found"),
    ({"StartTime": -60, "MinSize": 1}, "ValidationError.*in the past"),
    ({"StartTime": 60}, "ValidationError.*At least one of"),
    ({"MinSize": 1}, "ValidationError.*start time or a recurrence"),
    ({"StartTime": 60, "EndTime": 30, "MinSize": 1}, "ValidationError.*end time"),
    ({"StartTime": 60, "MinSize": 3, "MaxSize": 1}, "ValidationError.*Max bound"),
    ({"StartTime": 60, "DesiredCapacity": 3, "MaxSize": 1}, "ValidationError.*beyond the max"),
    ({"Recurrence": "61 * * * *", "MinSize": 1}, "ValidationError.*recurrence string"),
    ({"Recurrence": "0 8 * *", "MinSize": 1}, "ValidationError.*recurrence string"),
    ({"Recurrence": "0 8 * * *", "TimeZone": "Mars/Olympus", "MinSize": 1}, "ValidationError.*time zone"),
    ({"StartTime": 7200, "MinSize": 1}, "AlreadyExists.*other"),
]


def test_an_action_that_cannot_be_is_refused(create: Any, subtests: pytest.Subtests) -> None:
    autoscaling = create()
    moment = at(0)
    schedule(autoscaling, "other", StartTime=moment + datetime.timedelta(seconds=7200), MinSize=1)
    for changes, message in REFUSED_ACTIONS:
        given = {
            key: moment + datetime.timedelta(seconds=value) if key in ("StartTime", "EndTime") else value
            for key, value in changes.items()
        }
        with subtests.test(message=message), pytest.raises(ClientError, match=message):
            schedule(autoscaling, **given)
    assert len(scheduled(autoscaling)) == 1


def test_a_group_is_the_same_after_a_restart(create: Any, ec2: Any, cloud: Cloud) -> None:
    autoscaling = create()
    autoscaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=5)
    autoscaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=2)
    schedule(autoscaling, StartTime=at(60), MinSize=1)
    before = (group(autoscaling), timeless(instances(ec2, autoscaling)), scheduled(autoscaling))
    BackendDict.reset()
    assert isinstance(cloud.emulator, Moto)
    cloud.emulator.replay()
    assert group(autoscaling) == before[0]
    assert timeless(instances(ec2, autoscaling)) == before[1]
    assert scheduled(autoscaling) == before[2]
