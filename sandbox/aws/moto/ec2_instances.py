"""What an instance takes along when it is terminated.

Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ec2-instance-termination-works.html
"""

from typing import Any

from moto.ec2.models.instances import Instance

from sandbox.aws.patching import replace


def install() -> None:
    """Patch moto, once in a process."""
    _delete_interfaces_with_the_instance()
    _forget_the_tags()


def _delete_interfaces_with_the_instance() -> None:
    """An interface that came with the instance goes with it, where nothing else is said.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html
    """

    def prep_nics(self: Any, nic_spec: list[dict[str, Any]], *args: Any, **kwargs: Any) -> None:
        before = set(self.ec2_backend.enis)
        kept = {int(nic["DeviceIndex"]) for nic in nic_spec if nic.get("DeleteOnTermination") is False}
        prepare(self, nic_spec, *args, **kwargs)
        for index, interface in self.nics.items():
            if interface.id not in before and index not in kept:
                interface.delete_on_termination = True

    prepare = replace(Instance, "prep_nics", prep_nics)


def _forget_the_tags() -> None:
    """Tags are soon no more to be seen on a terminated instance, while itself it is for an hour."""

    def terminate(self: Any) -> Any:
        before = end(self)
        self.ec2_backend.tags.pop(self.id, None)
        return before

    end = replace(Instance, "terminate", terminate)
