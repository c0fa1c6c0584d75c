# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What EC2's networking resources have in common: they are found by their Name tag and tagged in one way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, State

if TYPE_CHECKING:
    from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def filters(**values: Any) -> list[dict[str, Any]]:
    """EC2's Filters; underscores in a name stand for hyphens, and a value may be one string or several."""
    return [
        {"Name": name.replace("_", "-"), "Values": [value] if isinstance(value, str) else list(value)}
        for name, value in values.items()
    ]


def tags_of(answer: dict[str, Any]) -> dict[str, str]:
    """The tags in an answer of EC2."""
    return boto3_tag_list_to_ansible_dict(answer.get("Tags", []))


def network_interfaces(ec2: Any, **by: Any) -> list[dict[str, Any]]:
    """The network interfaces that match the filters: what has an address in a subnet has one of them."""
    pages = ec2.get_paginator("describe_network_interfaces").paginate(Filters=filters(**by))
    return list(pages.build_full_result()["NetworkInterfaces"])


class Ec2Resource(Resource):
    """A resource of EC2 with an "id", whose Name tag is its name within a VPC."""

    resource_type: str
    """EC2's word for it in TagSpecifications, such as "route-table"."""

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        if self.params["tags"] is None:
            # Only the name is declared then; the other tags stay as they are.
            self.params["purge_tags"] = False

    @property
    def ec2(self) -> Any:
        return self.client("ec2")

    @property
    def named(self) -> list[dict[str, Any]]:
        """The filter that finds this resource by its name."""
        return [{"Name": "tag:Name", "Values": [self.params["name"]]}]

    @property
    def desired_tags(self) -> dict[str, str]:
        """The declared tags and the name; None-safe, so that leaving out `tags` only declares the name."""
        return {**(self.params["tags"] or {}), "Name": self.params["name"]}

    def tag_specifications(self, *resource_types: str) -> list[dict[str, Any]]:
        """The tags for a create call."""
        tags = ansible_dict_to_boto3_tag_list(self.desired_tags)
        return [{"ResourceType": each, "Tags": tags} for each in resource_types or (self.resource_type,)]

    def only(self, found: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
        """The one that was found, or None. Raises AnsibleAWSError when several have the name."""
        matches = list(found)
        if len(matches) > 1:
            raise AnsibleAWSError(
                message=f"There are {len(matches)} of {self.name} {self.identity}, where one is meant: "
                "delete or rename those that are not this site's."
            )
        return matches[0] if matches else None

    def tagged_ids(self, current: State) -> list[str]:
        """The ids that carry the resource's tags."""
        return [current["id"]]

    def tag(self, current: State, tags: dict[str, str]) -> None:
        self.ec2.create_tags(Resources=self.tagged_ids(current), Tags=ansible_dict_to_boto3_tag_list(tags))

    def untag(self, current: State, keys: list[str]) -> None:
        self.ec2.delete_tags(Resources=self.tagged_ids(current), Tags=[{"Key": key} for key in keys])
