"""Auto Scaling groups, as far as moto's differ from AWS's: where, of what and within which sizes they launch.

Sources: https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html,
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
"""

import copy
import math
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import (
    ASG_NAME_TAG,
    AutoScalingBackend,
    FakeAutoScalingGroup,
    InstanceState,
    TerminateInstanceActivity,
)
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.utils import convert_tag_spec

from sandbox.aws import clock
from sandbox.aws.patching import add, replace

TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
WAITING = "Terminating:Wait"
# Of a launch template, as moto's run_instances wants it.
TEMPLATE_ARGUMENTS = {
    "MetadataOptions": "metadata_options",
    "BlockDeviceMappings": "block_device_mappings",
    "KeyName": "key_name",
}


def install() -> None:
    """Patch moto, once in a process."""
    _launch_as_the_template_says()
    _scale_within_the_sizes()
    _terminate_past_hooks()
    _delete_without_instances()


def _not_found(name: str) -> ValidationError:
    return ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")


def _template(group: Any) -> Any:
    """The version of its launch template that the group launches; None without one."""
    if group.ec2_launch_template is None:
        return None
    return group.ec2_launch_template.get_version(group.launch_template_version)


def _launch_as_the_template_says() -> None:
    """Instances come in turns over the group's subnets, each of all that the launch template says."""

    def replace_autoscaling_group_instances(self: Any, count_needed: int, propagated_tags: Any) -> None:
        template = _template(self)
        if template is None or not self.vpc_zone_identifier:
            launch(self, count_needed, propagated_tags)
            return
        for _ in range(count_needed):
            _launch_one(self, template, {**propagated_tags, ASG_NAME_TAG: self.name})

    launch = replace(
        FakeAutoScalingGroup, "replace_autoscaling_group_instances", replace_autoscaling_group_instances
    )

    def launch_template(self: Any) -> dict[str, Any] | None:
        launched: dict[str, Any] | None = getattr(self, "launched_with", None)
        return launched or told.fget(self)

    told = replace(InstanceState, "launch_template", property(launch_template))


def _launch_one(group: Any, template: Any, tags: dict[str, str]) -> None:
    data = template.data
    interfaces = data.get("NetworkInterfaces") or []
    groups = data.get("SecurityGroupIds") or next((each.get("Groups") for each in interfaces), None) or []
    given = {
        argument: data[name] for name, argument in TEMPLATE_ARGUMENTS.items() if data.get(name) is not None
    }
    volume_tags = convert_tag_spec(data.get("TagSpecifications", [])).get("volume", {})
    if _is_next_spot(group) or data.get("InstanceMarketOptions"):
        given["instance_market_options"] = {"MarketType": "spot"}
    version = {"LaunchTemplateId": template.template.id, "Version": str(template.number)}
    reservation = group.ec2_backend.run_instances(
        template.image_id,
        1,
        template.user_data,
        [],
        security_group_ids=list(groups),
        instance_type=_overrides(group)[0].get("InstanceType", "")
        if _overrides(group)
        else template.instance_type,
        is_instance_type_default=False,
        region_name=group.region,
        launch_template=version,
        subnet_id=_subnet(group),
        associate_public_ip=None,
        tags={"instance": {**template.instance_tags, **tags}, "volume": volume_tags},
        **given,
    )
    [instance] = reservation.instances
    instance.autoscaling_group = group
    instance.virtualization_type = "hvm"  # as all instances of the current generations are
    if profile := data.get("IamInstanceProfile"):
        group.ec2_backend.associate_iam_instance_profile(
            instance_id=instance.id,
            iam_instance_profile_name=profile.get("Name"),
            iam_instance_profile_arn=profile.get("Arn"),
        )
    state = InstanceState(instance, protected_from_scale_in=group.new_instances_protected_from_scale_in)
    state.launched_with = {  # type: ignore[attr-defined]
        "LaunchTemplateId": template.template.id,
        "LaunchTemplateName": template.template.name,
        "Version": str(template.number),
    }
    group.instance_states.append(state)


def _overrides(group: Any) -> list[dict[str, Any]]:
    policy = group.mixed_instances_policy or {}
    return policy.get("LaunchTemplate", {}).get("Overrides") or []


def _is_next_spot(group: Any) -> bool:
    """Whether the share of on-demand instances is there already:
    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
    """
    distribution = (group.mixed_instances_policy or {}).get("InstancesDistribution")
    if not distribution:
        return False
    active = group.active_instances()
    base = int(distribution.get("OnDemandBaseCapacity", 0))
    share = int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100))
    on_demand = sum(1 for state in active if state.instance.lifecycle != "spot")
    wanted = base + math.ceil(max(0, len(active) + 1 - base) * share / 100)
    return on_demand >= wanted


def _subnet(group: Any) -> str:
    """The subnet with the fewest instances of the group, the first of several."""
    subnets: list[str] = group.vpc_zone_identifier.split(",")
    there = [state.instance.subnet_id for state in group.active_instances()]
    return min(subnets, key=lambda subnet: (there.count(subnet), subnets.index(subnet)))


def _check_sizes(least: int | None, most: int | None, desired: int | None) -> None:
    least, most = least or 0, most or 0
    if least > most:
        raise ValidationError(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if desired is not None and not least <= desired <= most:
        raise ValidationError(
            f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
        )


def _scale_within_the_sizes() -> None:
    """A group is within its sizes, and loses what it has most of."""

    def create_auto_scaling_group(self: Any, name: str, **kwargs: Any) -> Any:
        if name in self.autoscaling_groups:
            raise AlreadyExists(
                f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            )
        _check_sizes(kwargs.get("min_size"), kwargs.get("max_size"), kwargs.get("desired_capacity"))
        group = create(self, name=name, **kwargs)
        group.created_time = clock.utcnow().isoformat()  # moto reads the wall clock, also in a replay
        return group

    create = replace(AutoScalingBackend, "create_auto_scaling_group", create_auto_scaling_group)

    def update_auto_scaling_group(self: Any, name: str, **kwargs: Any) -> Any:
        if name not in self.autoscaling_groups:
            raise _not_found(name)
        group = self.autoscaling_groups[name]
        least = group.min_size if kwargs.get("min_size") is None else kwargs["min_size"]
        most = group.max_size if kwargs.get("max_size") is None else kwargs["max_size"]
        _check_sizes(least, most, kwargs.get("desired_capacity"))
        if kwargs.get("desired_capacity") is None:
            kwargs["desired_capacity"] = min(max(group.desired_capacity, least), most)
        if not kwargs.get("launch_template") and not kwargs.get("mixed_instances_policy"):
            kwargs["mixed_instances_policy"] = _as_requested(group.mixed_instances_policy)
        return update(self, name=name, **kwargs)

    update = replace(AutoScalingBackend, "update_auto_scaling_group", update_auto_scaling_group)

    def set_desired_capacity(self: Any, group_name: str, desired_capacity: int | None) -> None:
        if group_name not in self.autoscaling_groups:
            raise _not_found(group_name)
        group = self.autoscaling_groups[group_name]
        if desired_capacity is not None and not group.min_size <= desired_capacity <= group.max_size:
            bound = "below min" if desired_capacity < group.min_size else "above max"
            size = group.min_size if desired_capacity < group.min_size else group.max_size
            raise ValidationError(
                f"New SetDesiredCapacity value {desired_capacity} is {bound} value {size} for the "
                "AutoScalingGroup."
            )
        set_desired(self, group_name, desired_capacity)

    set_desired = replace(AutoScalingBackend, "set_desired_capacity", set_desired_capacity)

    def scale(self: Any, new_capacity: int | None) -> None:
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        missing = int(self.desired_capacity or 0) - len(self.active_instances())
        if missing > 0:
            self.replace_autoscaling_group_instances(missing, self.get_propagated_tags())
        for _ in range(-missing):
            if (state := _surplus(self)) is not None:
                _retire(self, state)
        if self.name in self.autoscaling_backend.autoscaling_groups:
            self.autoscaling_backend.update_attached_elbs(self.name)
            self.autoscaling_backend.update_attached_target_groups(self.name)

    replace(FakeAutoScalingGroup, "set_desired_capacity", scale)


def _as_requested(policy: Any) -> Any:
    """A mixed instances policy as a request has it: its template by id, where moto keeps the name too."""
    if not policy:
        return policy
    policy = copy.deepcopy(policy)
    policy["LaunchTemplate"]["LaunchTemplateSpecification"].pop("LaunchTemplateName", None)
    return policy


def _surplus(group: Any) -> Any:
    """Which instance goes first: of the zone with most, then of the oldest template, then the newest one.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
    """
    active = group.active_instances()
    zones = [state.availability_zone for state in active]
    unprotected = [state for state in active if not state.protected_from_scale_in]
    if not unprotected:
        return None

    def rank(state: Any) -> tuple[int, int, int]:
        version = int((getattr(state, "launched_with", None) or {}).get("Version", 0))
        return (-zones.count(state.availability_zone), version, -active.index(state))

    return min(unprotected, key=rank)


def _retire(group: Any, state: Any) -> None:
    """Terminate the instance; one that a hook waits for is only on its way:
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
    """
    hooks = group.autoscaling_backend.lifecycle_hooks.values()
    if any(
        hook.auto_scaling_group_name == group.name and hook.lifecycle_transition == TERMINATING
        for hook in hooks
    ):
        state.lifecycle_state = WAITING
    else:
        group.instance_states = [each for each in group.instance_states if each is not state]
        group.ec2_backend.terminate_instances([state.instance.id])


def _terminate_past_hooks() -> None:
    def terminate_instance(self: Any, instance_id: str, should_decrement: bool) -> Any:
        group, state = _managed(self, instance_id)
        before = int(group.desired_capacity)
        if should_decrement and before - 1 < group.min_size:
            raise ValidationError(
                f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without "
                "replacement will violate group's min size constraint. Either set "
                "shouldDecrementDesiredCapacity flag to false or lower group's min size."
            )
        if state.lifecycle_state != WAITING:
            _retire(group, state)
            group.set_desired_capacity(before - 1 if should_decrement else before)
        return TerminateInstanceActivity(state.instance, before)

    replace(AutoScalingBackend, "terminate_instance", terminate_instance)

    def complete_lifecycle_action(self: Any) -> ActionResult:
        """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html"""
        backend = self.autoscaling_backend
        instance_id = self._get_param("InstanceId")
        group, state = _managed(backend, instance_id)
        if state.lifecycle_state != WAITING:
            raise ValidationError(f"No active Lifecycle Action found with instance ID {instance_id}")
        group.instance_states = [each for each in group.instance_states if each is not state]
        group.ec2_backend.terminate_instances([instance_id])
        return EmptyResult()

    add(AutoScalingResponse, "complete_lifecycle_action", complete_lifecycle_action)


def _managed(backend: Any, instance_id: str) -> tuple[Any, Any]:
    for group in backend.autoscaling_groups.values():
        for state in group.instance_states:
            if state.instance.id == instance_id:
                return group, state
    raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")


class AlreadyExists(AutoscalingClientError):
    code = "AlreadyExists"


class ResourceInUse(AutoscalingClientError):
    code = "ResourceInUse"


def _delete_without_instances() -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html: a group with
    instances goes by force only, and what is scheduled for it goes along.
    """

    def delete_auto_scaling_group(self: Any) -> ActionResult:
        name, backend = self._get_param("AutoScalingGroupName"), self.autoscaling_backend
        group = backend.autoscaling_groups.get(name)
        if group is None:
            raise _not_found(name)
        if group.instance_states and not self._get_bool_param("ForceDelete"):
            raise ResourceInUse(
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance "
                "request(s) still in the group."
            )
        group.min_size = 0
        ids = [state.instance.id for state in group.instance_states]
        group.instance_states = []
        if ids:
            group.ec2_backend.terminate_instances(ids)
        for kept in (backend.lifecycle_hooks, backend.scheduled_actions):
            for key, value in list(kept.items()):
                if value.auto_scaling_group_name == name:
                    del kept[key]
        backend.delete_auto_scaling_group(name)
        return EmptyResult()

    replace(AutoScalingResponse, "delete_auto_scaling_group", delete_auto_scaling_group)
