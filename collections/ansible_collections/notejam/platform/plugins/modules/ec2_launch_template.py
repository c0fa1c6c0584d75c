#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_launch_template
version_added: 0.3.0
short_description: Manage an EC2 launch template, whose plan shows what changes
description:
  - Keeps a launch template whose default version holds what is declared.
  - A version is never changed. What differs makes the next one, whose number the plan tells. Versions that
    somebody made and that are not the default are left alone.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: Name of the template, unique in the account and region.
    type: str
    required: true
  security_group_ids:
    description: Security groups of the instances, in any order.
    type: list
    elements: str
  metadata_options:
    description: The instance metadata service.
    type: dict
    suboptions:
      http_tokens:
        description: V(required) makes IMDSv2 the only way.
        type: str
        choices: [optional, required]
      http_put_response_hop_limit:
        description: How many network hops an answer with a token lives; pods are one further than their node.
        type: int
      http_endpoint:
        description: Whether the service answers at all.
        type: str
        choices: [enabled, disabled]
  block_device_mappings:
    description: The volumes.
    type: list
    elements: dict
    suboptions:
      device_name:
        description: Name of the device, such as V(/dev/xvda).
        type: str
        required: true
      ebs:
        description: The EBS volume.
        type: dict
        required: true
        suboptions:
          volume_type:
            description: Kind of volume, such as V(gp3).
            type: str
          volume_size:
            description: Size in GiB.
            type: int
          iops:
            description: Operations per second.
            type: int
          throughput:
            description: Throughput in MiB per second.
            type: int
          encrypted:
            description: Whether the volume is encrypted.
            type: bool
          kms_key_id:
            description: ARN of the KMS key that encrypts it.
            type: str
          delete_on_termination:
            description: Whether the volume goes with its instance.
            type: bool
  launched_tags:
    description: Tags of what is launched, a dict for each type of resource, V(instance) and V(volume).
    type: dict
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Describe what nodes are started from
  notejam.platform.ec2_launch_template:
    name: notejam-prod-system
    security_group_ids: [sg-0a1b2c3d]
    metadata_options:
      http_tokens: required
      http_put_response_hop_limit: 1
    block_device_mappings:
      - device_name: /dev/xvda
        ebs:
          volume_type: gp3
          volume_size: 40
          encrypted: true
    launched_tags:
      instance:
        Name: notejam-prod-system
"""

RETURN = r"""
launch_template:
  description: The template; none with O(state=absent).
  returned: success
  type: dict
  contains:
    id:
      description: Its id.
      type: str
      sample: lt-0a1b2c3d4e5f60718
    name:
      description: Its name.
      type: str
      sample: notejam-prod-system
    default_version:
      description: Number of the version that holds what is declared, and that is taken where none is named.
      type: str
      sample: "1"
    security_group_ids:
      description: Security groups of the instances.
      type: list
      elements: str
    metadata_options:
      description: The instance metadata service.
      type: dict
    block_device_mappings:
      description: The volumes.
      type: list
      elements: dict
    launched_tags:
      description: Tags of what is launched, by type of resource.
      type: dict
    tags:
      description: The template's own tags.
      type: dict
"""

from typing import Any, ClassVar

from ansible.module_utils.common.dict_transformations import (
    camel_dict_to_snake_dict,
    snake_dict_to_camel_dict,
)
from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import holds, same, same_items
from ansible_collections.notejam.platform.plugins.module_utils.ec2 import tags_of
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    State,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

TYPE = "launch-template"
DATA = ("security_group_ids", "metadata_options", "block_device_mappings", "launched_tags")


class LaunchTemplate(Resource):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html"""

    name = "launch_template"
    computed = frozenset({"id"})
    comparisons: ClassVar = {"security_group_ids": same_items, "launched_tags": same}

    _latest = 0

    def describe(self) -> State | None:
        ec2 = self.client("ec2")
        try:
            [template] = ec2.describe_launch_templates(LaunchTemplateNames=[self.identity])["LaunchTemplates"]
        except is_boto3_error_code("InvalidLaunchTemplateName.NotFoundException"):
            return None
        identifier = template["LaunchTemplateId"]
        [default] = ec2.describe_launch_template_versions(LaunchTemplateId=identifier, Versions=["$Default"])[
            "LaunchTemplateVersions"
        ]
        data = default["LaunchTemplateData"]
        self._latest = template["LatestVersionNumber"]
        return {
            "id": identifier,
            "name": self.identity,
            "default_version": str(template["DefaultVersionNumber"]),
            "security_group_ids": data.get("SecurityGroupIds", []),
            "metadata_options": camel_dict_to_snake_dict(data.get("MetadataOptions", {})),
            "block_device_mappings": [
                camel_dict_to_snake_dict(one) for one in data.get("BlockDeviceMappings", [])
            ],
            "launched_tags": {
                one["ResourceType"]: as_dict(one["Tags"]) for one in data.get("TagSpecifications", [])
            },
            "tags": tags_of(template),
        }

    def desired(self) -> State:
        state = self.declared("name", *DATA, "tags")
        current = self.describe()
        if current and self._holds(current, state):
            return {**state, "default_version": current["default_version"]}
        return {**state, "default_version": str(self._latest + 1)}

    def create(self, desired: State) -> None:
        tags = [{"ResourceType": TYPE, "Tags": as_list(desired["tags"])}] if desired.get("tags") else []
        self.client("ec2").create_launch_template(
            LaunchTemplateName=self.identity, LaunchTemplateData=self._data(desired), TagSpecifications=tags
        )

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        ec2, of = self.client("ec2"), {"LaunchTemplateId": current["id"]}
        whole = current | {key: new for key, (_old, new) in changes.items()}
        made = ec2.create_launch_template_version(**of, LaunchTemplateData=self._data(whole))
        version = str(made["LaunchTemplateVersion"]["VersionNumber"])
        ec2.modify_launch_template(**of, DefaultVersion=version)

    def delete(self, current: State) -> None:
        self.client("ec2").delete_launch_template(LaunchTemplateId=current["id"])

    def tag(self, current: State, tags: dict[str, str]) -> None:
        self.client("ec2").create_tags(Resources=[current["id"]], Tags=as_list(tags))

    def untag(self, current: State, keys: list[str]) -> None:
        self.client("ec2").delete_tags(Resources=[current["id"]], Tags=[{"Key": key} for key in keys])

    def _holds(self, current: State, state: State) -> bool:
        """Whether the default version has all that is declared."""
        return all(self.comparisons.get(key, holds)(current[key], state[key]) for key in DATA if key in state)

    @staticmethod
    def _data(state: State) -> dict[str, Any]:
        plain = {key: state[key] for key in DATA[:-1] if state.get(key)}
        data: dict[str, Any] = snake_dict_to_camel_dict(plain, capitalize_first=True)
        if launched := state.get("launched_tags"):
            data["TagSpecifications"] = [
                {"ResourceType": kind, "Tags": as_list(tags)} for kind, tags in sorted(launched.items())
            ]
        return data


def main() -> None:
    ebs = {
        "volume_type": {},
        "volume_size": {"type": "int"},
        "iops": {"type": "int"},
        "throughput": {"type": "int"},
        "encrypted": {"type": "bool"},
        "kms_key_id": {"no_log": False},
        "delete_on_termination": {"type": "bool"},
    }
    metadata = {
        "http_tokens": {"choices": ["optional", "required"], "no_log": False},
        "http_put_response_hop_limit": {"type": "int"},
        "http_endpoint": {"choices": ["enabled", "disabled"]},
    }
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            security_group_ids={"type": "list", "elements": "str"},
            metadata_options={"type": "dict", "options": metadata},
            block_device_mappings={
                "type": "list",
                "elements": "dict",
                "options": {
                    "device_name": {"required": True},
                    "ebs": {"type": "dict", "required": True, "options": ebs},
                },
            },
            launched_tags={"type": "dict"},
        ),
        supports_check_mode=True,
    )
    reconcile(LaunchTemplate(module))


if __name__ == "__main__":
    main()
