"""The Auto Scaling group behind a managed node group, and the launch template that EKS makes for it.

https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html: the node group's own are made and
removed by EKS, in the account and in sight of it.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.clients import Clients
from sandbox.aws.eks.records import CLUSTER, Record, Records

HOOK = "Terminate-LC-Hook"
HOOK_SECONDS = 1800
CUSTOM_AMI = "CUSTOM"
DEFAULT_DISK = "/dev/xvda"
# What of the user's launch template a managed node group does not take:
# https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
NOT_TAKEN = ("InstanceMarketOptions", "HibernationOptions", "IamInstanceProfile", "UserData")


@dataclass(frozen=True)
class Instance:
    """An instance of the group. `version` is that of EKS's own launch template."""

    id: str
    zone: str
    instance_type: str
    version: str
    is_leaving: bool


@dataclass(frozen=True)
class Sizes:
    least: int
    most: int
    desired: int


@dataclass
class AutoScaling:
    clients: Clients
    records: Records

    def provide(self, record: Record, generation: str, resource: dict[str, Any]) -> None:
        """Have the group launch nodes of the generation, which `resource` describes."""
        if generation not in record.state["templates"]:
            self._make_version(record, generation, resource)
        if record.state.get("launches") != generation:
            self._launch(record, generation)
            record.state["launches"] = generation

    def _client(self, record: Record, service: str) -> Any:
        return self.clients.get(service, record.account, record.region)

    def _make_version(self, record: Record, generation: str, resource: dict[str, Any]) -> None:
        ec2 = self._client(record, "ec2")
        name = template_name(record)
        given = {"LaunchTemplateName": name, "LaunchTemplateData": self._template(record, resource)}
        self._make_profile(record)
        if record.state["templates"]:
            made = ec2.create_launch_template_version(**given, VersionDescription=generation)
            number = made["LaunchTemplateVersion"]["VersionNumber"]
        else:
            tags = [{"ResourceType": "launch-template", "Tags": as_tags(own_tags(record))}]
            try:
                ec2.create_launch_template(**given, TagSpecifications=tags)
            except ClientError as error:  # made just before the emulator was stopped
                if "AlreadyExists" not in error.response["Error"]["Code"]:
                    raise
            number = 1
        record.state["templates"][generation] = str(number)

    def _make_profile(self, record: Record) -> None:
        """Have the instance profile that lends the instances the group's role, of the template's name."""
        iam, name = self._client(record, "iam"), template_name(record)
        for call, asked in (
            (iam.create_instance_profile, {}),
            (iam.add_role_to_instance_profile, {"RoleName": record.resource["nodeRole"].rsplit("/", 1)[-1]}),
        ):
            try:
                call(InstanceProfileName=name, **asked)
            except ClientError as error:  # there since the version before
                if error.response["Error"]["Code"] not in ("EntityAlreadyExists", "LimitExceeded"):
                    raise

    def _remove_profile(self, record: Record) -> None:
        iam, name = self._client(record, "iam"), template_name(record)
        try:
            profile = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        except iam.exceptions.NoSuchEntityException:
            return
        for role in profile["Roles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
        iam.delete_instance_profile(InstanceProfileName=name)

    def _template(self, record: Record, resource: dict[str, Any]) -> dict[str, Any]:
        """What the instances are launched of: the user's template, and what EKS adds to it."""
        data = self._users_template(record, resource)
        mine = instance_tags(record)
        for kind in ("instance", "volume"):
            specifications = data.setdefault("TagSpecifications", [])
            found = next((each for each in specifications if each["ResourceType"] == kind), None)
            if found is None:
                specifications.append({"ResourceType": kind, "Tags": as_tags(mine)})
            else:
                found["Tags"] = as_tags({tag["Key"]: tag["Value"] for tag in found["Tags"]} | mine)
        data.setdefault("ImageId", image_id(resource["releaseVersion"], record.resource["amiType"]))
        data["IamInstanceProfile"] = {"Name": template_name(record)}
        types = record.resource["instanceTypes"]
        if types:
            data["InstanceType"] = types[0]
        data.setdefault("MetadataOptions", {"HttpTokens": "required", "HttpPutResponseHopLimit": 2})
        if not data.get("SecurityGroupIds") and not data.get("NetworkInterfaces"):
            cluster = self.records.get(CLUSTER, record.account, record.region, record.cluster)
            data["SecurityGroupIds"] = [cluster.state["security_group"]] if cluster else []
        if not data.get("BlockDeviceMappings"):
            disk = {"VolumeSize": record.resource["diskSize"]} if "diskSize" in record.resource else {}
            data["BlockDeviceMappings"] = [
                {
                    "DeviceName": DEFAULT_DISK,
                    "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "DeleteOnTermination": True, **disk},
                }
            ]
        return data

    def _users_template(self, record: Record, resource: dict[str, Any]) -> dict[str, Any]:
        template = resource.get("launchTemplate")
        if not template:
            return {}
        found = self._client(record, "ec2").describe_launch_template_versions(
            LaunchTemplateId=template["id"], Versions=[template["version"]]
        )["LaunchTemplateVersions"]
        data: dict[str, Any] = found[0]["LaunchTemplateData"]
        return {name: value for name, value in data.items() if name not in NOT_TAKEN}

    def _launch(self, record: Record, generation: str) -> None:
        autoscaling = self._client(record, "autoscaling")
        specification = {
            "LaunchTemplateName": template_name(record),
            "Version": record.state["templates"][generation],
        }
        types = record.resource["instanceTypes"]
        is_spot = record.resource["capacityType"] == "SPOT"
        launched: dict[str, Any] = {"LaunchTemplate": specification}
        if is_spot or len(types) > 1:
            launched = {
                "MixedInstancesPolicy": {
                    "LaunchTemplate": {
                        "LaunchTemplateSpecification": specification,
                        "Overrides": [{"InstanceType": each} for each in types],
                    },
                    "InstancesDistribution": {
                        "OnDemandAllocationStrategy": "prioritized",
                        "OnDemandBaseCapacity": 0,
                        "OnDemandPercentageAboveBaseCapacity": 0 if is_spot else 100,
                        "SpotAllocationStrategy": "price-capacity-optimized",
                    },
                }
            }
        name = group_name(record)
        if self.sizes(record) is not None:
            autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, **launched)
            return
        scaling = record.resource["scalingConfig"]
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=scaling["minSize"],
            MaxSize=scaling["maxSize"],
            DesiredCapacity=scaling["desiredSize"],
            VPCZoneIdentifier=",".join(record.resource["subnets"]),
            HealthCheckType="EC2",
            CapacityRebalance=is_spot,
            Tags=[
                {"Key": key, "Value": value, "PropagateAtLaunch": True}
                for key, value in instance_tags(record).items()
            ],
            **launched,
        )
        autoscaling.put_lifecycle_hook(
            LifecycleHookName=HOOK,
            AutoScalingGroupName=name,
            LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
            HeartbeatTimeout=HOOK_SECONDS,
            DefaultResult="CONTINUE",
        )

    def _group(self, record: Record) -> dict[str, Any] | None:
        found = self._client(record, "autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[group_name(record)]
        )["AutoScalingGroups"]
        return dict(found[0]) if found else None

    def sizes(self, record: Record) -> Sizes | None:
        group = self._group(record)
        return Sizes(group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) if group else None

    def observe(self, record: Record) -> tuple[Sizes, list[Instance]]:
        """The group as it is now. Raises LookupError when somebody removed it."""
        group = self._group(record)
        if group is None:
            raise LookupError(f"there is no Auto Scaling group {group_name(record)}")
        instances = [
            Instance(
                each["InstanceId"],
                each["AvailabilityZone"],
                each["InstanceType"],
                each["LaunchTemplate"]["Version"],
                each["LifecycleState"].startswith("Terminating"),
            )
            for each in group["Instances"]
        ]
        return Sizes(group["MinSize"], group["MaxSize"], group["DesiredCapacity"]), instances

    def names(self, record: Record, ids: list[str]) -> dict[str, str]:
        """The private DNS names of instances, which are the nodes' names too, by id."""
        if not ids:
            return {}
        found = self._client(record, "ec2").describe_instances(InstanceIds=ids)["Reservations"]
        return {
            instance["InstanceId"]: instance["PrivateDnsName"]
            for reservation in found
            for instance in reservation["Instances"]
        }

    def resize(self, record: Record, sizes: Sizes) -> None:
        self._client(record, "autoscaling").update_auto_scaling_group(
            AutoScalingGroupName=group_name(record),
            MinSize=sizes.least,
            MaxSize=sizes.most,
            DesiredCapacity=sizes.desired,
        )

    def send_away(self, record: Record, instance: str) -> None:
        """Have the instance wait for its node's pods to go, and the group be smaller by it."""
        self._client(record, "autoscaling").terminate_instance_in_auto_scaling_group(
            InstanceId=instance, ShouldDecrementDesiredCapacity=True
        )

    def terminate(self, record: Record, instance: str) -> None:
        self._client(record, "autoscaling").complete_lifecycle_action(
            AutoScalingGroupName=group_name(record),
            LifecycleHookName=HOOK,
            InstanceId=instance,
            LifecycleActionResult="CONTINUE",
        )

    def remove(self, record: Record) -> None:
        """Remove the group with its instances, and EKS's launch template and instance profile."""
        if self.sizes(record) is not None:
            self._client(record, "autoscaling").delete_auto_scaling_group(
                AutoScalingGroupName=group_name(record), ForceDelete=True
            )
        try:
            self._client(record, "ec2").delete_launch_template(LaunchTemplateName=template_name(record))
        except ClientError as error:
            if "NotFound" not in error.response["Error"]["Code"] and "NotFound" not in str(error):
                raise
        self._remove_profile(record)


def group_name(record: Record) -> str:
    return str(record.resource["resources"]["autoScalingGroups"][0]["name"])


def template_name(record: Record) -> str:
    """EKS's own template of the group, and its instance profile: "eks-" and the group's identifier."""
    return f"eks-{record.resource['nodegroupArn'].rsplit('/', 1)[-1]}"


def image_id(release: str, ami_type: str) -> str:
    """The AMI of a release; which one it is on AWS differs by region and time."""
    return f"ami-{hashlib.sha256(f'{ami_type}/{release}'.encode()).hexdigest()[:17]}"


def own_tags(record: Record) -> dict[str, str]:
    return {"eks:cluster-name": record.cluster, "eks:nodegroup-name": record.names[-1]}


def instance_tags(record: Record) -> dict[str, str]:
    """https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html"""
    return own_tags(record) | {
        f"kubernetes.io/cluster/{record.cluster}": "owned",
        f"k8s.io/cluster-autoscaler/{record.cluster}": "owned",
        "k8s.io/cluster-autoscaler/enabled": "true",
    }


def as_tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
