#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_leavings
version_added: 0.1.0
short_description: Remove what the controllers of an EKS cluster left in AWS
description:
  - Deletes what carries the tags that controllers put with the cluster's name, and nobody looks after.
  - While the cluster is there, that is load balancers with their target groups. Once it is gone, also network
    interfaces, volumes with their data, and security groups, which first leave the rules of other groups.
  - What is in use is waited for, such as an interface of a node that is being terminated. What is still in
    use when the time is up is returned and warned of.
author:
  - Notejam platform contributors (@notejam)
options:
  cluster_name:
    description: Name of the cluster, which may be gone.
    type: str
    required: true
  wait_timeout:
    description: How long to wait for what is in use, in seconds.
    type: int
    default: 600
attributes:
  check_mode:
    description: Returns what would be deleted.
    support: full
  diff_mode:
    description: Shows no difference; the list tells it.
    support: none
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Remove what the cluster's controllers left
  notejam.platform.eks_leavings:
    cluster_name: notejam-prod
"""

RETURN = r"""
deleted:
  description: What was there; ids, or ARNs of what has one.
  returned: success
  type: list
  elements: str
  sample: [vol-0123456789abcdef0]
remaining:
  description: What of it is still in use.
  returned: success
  type: list
  elements: str
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.leftovers.clusters import balancer_tags
from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import COMPONENT, of_cluster
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

POLL = 2.0  # seconds
IN_USE = (
    "DependencyViolation",
    "IncorrectState",
    "InvalidNetworkInterface.InUse",
    "InvalidParameterValue",
    "OperationNotPermitted",
    "ResourceInUse",
    "VolumeInUse",
)
ALREADY_GONE = (
    "InvalidGroup.NotFound",
    "InvalidNetworkInterfaceID.NotFound",
    "InvalidVolume.NotFound",
    "LoadBalancerNotFound",
    "TargetGroupNotFound",
)
Leaving = tuple[str, Callable[[], Any]]


class Leavings:
    """What the cluster of this name left, each with how to delete it."""

    def __init__(self, module: AnsibleAWSModule) -> None:
        self._cluster: str = module.params["cluster_name"]
        self._ec2, self._elbv2, self._eks = (client(module, name) for name in ("ec2", "elbv2", "eks"))

    def all(self) -> list[Leaving]:
        """What is there, in the order in which it can go."""
        found = [
            *self._balancing(
                "describe_load_balancers", "LoadBalancers", "LoadBalancerArn", "delete_load_balancer"
            ),
            *self._balancing(
                "describe_target_groups", "TargetGroups", "TargetGroupArn", "delete_target_group"
            ),
        ]
        if self._is_gone():
            found += [*self._interfaces(), *self._volumes(), *self._groups()]
        return found

    def _is_gone(self) -> bool:
        try:
            self._eks.describe_cluster(name=self._cluster)
        except is_boto3_error_code("ResourceNotFoundException"):
            return True
        return False

    def _balancing(self, operation: str, key: str, arn: str, delete: str) -> Iterator[Leaving]:
        every = self._elbv2.get_paginator(operation).paginate().build_full_result()[key]
        tags = balancer_tags(self._elbv2, [each[arn] for each in every])
        for each in every:
            if of_cluster(tags[each[arn]], self._cluster):
                yield each[arn], partial(getattr(self._elbv2, delete), **{arn: each[arn]})

    def _interfaces(self) -> Iterator[Leaving]:
        for each in self._tagged("describe_network_interfaces", "NetworkInterfaces"):
            one = each["NetworkInterfaceId"]
            yield one, partial(self._ec2.delete_network_interface, NetworkInterfaceId=one)

    def _volumes(self) -> Iterator[Leaving]:
        for each in self._tagged("describe_volumes", "Volumes"):
            one = each["VolumeId"]
            if each["State"] != "deleting":
                yield one, partial(self._ec2.delete_volume, VolumeId=one)

    def _groups(self) -> Iterator[Leaving]:
        for each in self._tagged("describe_security_groups", "SecurityGroups"):
            # A role's own is the role's to delete.
            if COMPONENT not in as_dict(each.get("Tags")):
                one = each["GroupId"]
                yield one, partial(self._delete_group, one)

    def _tagged(self, operation: str, key: str) -> Iterator[dict[str, Any]]:
        for page in self._ec2.get_paginator(operation).paginate():
            for each in page[key]:
                if of_cluster(as_dict(each.get("Tags") or each.get("TagSet")), self._cluster):
                    yield each

    def _delete_group(self, group: str) -> None:
        """Rules of other groups that name it keep it from being deleted."""
        directions = (
            ("ip-permission.group-id", "IpPermissions", self._ec2.revoke_security_group_ingress),
            ("egress.ip-permission.group-id", "IpPermissionsEgress", self._ec2.revoke_security_group_egress),
        )
        for asked, key, revoke in directions:
            filters = [{"Name": asked, "Values": [group]}]
            for page in self._ec2.get_paginator("describe_security_groups").paginate(Filters=filters):
                for other in page["SecurityGroups"]:
                    if rules := list(_naming(group, other[key])):
                        revoke(GroupId=other["GroupId"], IpPermissions=rules)
        self._ec2.delete_security_group(GroupId=group)


def _naming(group: str, permissions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of these permissions, what they give to the group."""
    for each in permissions:
        if group in [pair.get("GroupId") for pair in each.get("UserIdGroupPairs", ())]:
            ports: dict[str, Any] = {
                key: each[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in each
            }
            yield {**ports, "UserIdGroupPairs": [{"GroupId": group}]}


def remove(leavings: Leavings, timeout: float) -> tuple[list[str], list[str]]:
    """What was there, and what is still in use after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    seen: dict[str, None] = {}
    while left := leavings.all():
        seen |= dict.fromkeys(name for name, _delete in left)
        used = [name for name, delete in left if not _deleted(delete)]
        if used and time.monotonic() > deadline:
            return list(seen), used
        time.sleep(POLL if used else 0)
    return list(seen), []


def _deleted(delete: Callable[[], Any]) -> bool:
    try:
        delete()
    except is_boto3_error_code(ALREADY_GONE):
        return True
    except is_boto3_error_code(IN_USE):
        return False
    return True


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={"cluster_name": {"required": True}, "wait_timeout": {"type": "int", "default": 600}},
        supports_check_mode=True,
    )
    leavings = Leavings(module)
    try:
        if module.check_mode:
            deleted, remaining = [name for name, _delete in leavings.all()], list[str]()
        else:
            deleted, remaining = remove(leavings, module.params["wait_timeout"])
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Cannot remove what {module.params['cluster_name']} left")
    for each in remaining:
        module.warn(f"{each} is still in use after {module.params['wait_timeout']} s.")
    module.exit_json(changed=bool(deleted), deleted=deleted, remaining=remaining)


if __name__ == "__main__":
    main()
