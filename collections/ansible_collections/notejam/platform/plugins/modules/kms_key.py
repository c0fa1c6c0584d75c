#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: kms_key
version_added: 0.1.0
short_description: Manage a symmetric KMS key and its alias
description:
  - Keeps a symmetric encryption key with an alias, a key policy, automatic rotation and tags.
  - The key is found by its alias. A key that was made by a run killed before it set the alias is found by its
    tags and used.
author:
  - Notejam platform contributors (@notejam)
options:
  alias:
    description:
      - The key's alias, with or without C(alias/) in front. Those under C(alias/aws/) are AWS's own.
    type: str
    required: true
  description:
    description: What the key is for.
    type: str
  multi_region:
    description:
      - Whether the key is a multi-Region primary key, which can be replicated to the standby site's region.
      - Cannot be changed, see
        U(https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html).
    type: bool
  replicate_from:
    description:
      - The region of a multi-Region key with the same alias. A key that is not there yet is made as its
        replica, with a description, policy, tags and alias of its own, see
        U(https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html).
      - A key that is there stays, whether it is the primary or a replica, so sites can change their roles.
      - Waits up to five minutes for the key in that region, which another site may be making.
    type: str
  rotation_period:
    description:
      - After how many days the key's material is rotated, from 90 to 2560; V(0) switches rotation off.
      - A replica is rotated with its primary, so for a replica this is not looked at.
    type: int
  policy:
    description:
      - The key policy. Statements are compared by their meaning, so their order and AWS's own spelling of
        principals do not matter.
    type: dict
  deletion_window:
    description: How many days the key can be kept from its deletion, from 7 to 30, with O(state=absent).
    type: int
    default: 30
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep the key of the database
  notejam.platform.kms_key:
    alias: notejam-prod-database
    description: Encrypts the database of notejam-prod
    multi_region: true
    rotation_period: 365
    tags:
      Name: notejam-prod-database
  register: database_key

- name: Keep its replica in the standby site's region
  notejam.platform.kms_key:
    alias: notejam-prod-database
    description: Encrypts the database of notejam-prod
    replicate_from: eu-west-1
    region: eu-central-1

- name: Delete it, with a week to change one's mind
  notejam.platform.kms_key:
    alias: notejam-prod-database
    state: absent
    deletion_window: 7
"""

RETURN = r"""
kept:
  description:
    - Why the key was not deleted with O(state=absent), because it encrypts objects in a bucket, recovery
      points in a backup vault, or a snapshot of RDS, in its region.
  returned: when it stays
  type: str
kms_key:
  description: The key; none with O(state=absent).
  returned: success
  type: dict
  contains:
    alias:
      description: The alias, without C(alias/).
      type: str
      sample: notejam-prod-database
    arn:
      description: The key's ARN.
      type: str
      sample: arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab
    description:
      description: What the key is for.
      type: str
    key_id:
      description: The key's id, the same in all regions for a multi-Region key.
      type: str
      sample: mrk-1234abcd12ab34cd56ef1234567890ab
    multi_region:
      description: Whether the key is a multi-Region key.
      type: bool
    policy:
      description: The key policy.
      type: dict
    rotation_period:
      description: Days between rotations; 0 when rotation is off.
      type: int
    tags:
      description: The key's tags.
      type: dict
"""

import json
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import client, session
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_policy
from ansible_collections.notejam.platform.plugins.module_utils.key_use import uses
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

PREFIX = "alias/"
GONE = ("PendingDeletion", "PendingReplicaDeletion")
# What AWS uses when no period is given: https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html
DEFAULT_PERIOD = 365
PRIMARY_TIMEOUT = 300  # seconds
ROTATION_PERIODS = (0, *range(90, 2561))


def spelling(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags in KMS's own spelling."""
    return [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in as_list(tags)]


class KmsKey(Resource):
    """A key and its alias: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html."""

    name = "kms_key"
    immutable = frozenset({"multi_region"})
    computed = frozenset({"arn", "key_id", "policy"})
    comparisons: ClassVar = {"policy": same_policy}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.kms = self.client("kms")

    @property
    def identity(self) -> str:
        return str(self.params["alias"]).removeprefix(PREFIX)

    def desired(self) -> dict[str, Any]:
        options = self.declared("description", "multi_region", "rotation_period", "policy", "tags")
        replica = {"multi_region": True} if self.params["replicate_from"] else {}
        return {"alias": self.identity, **options, **replica}

    def describe(self) -> dict[str, Any] | None:
        metadata = self._metadata(PREFIX + self.identity)
        alias = self.identity
        if metadata is None:
            metadata, alias = self._without_alias(), ""
        if metadata is None:
            return None
        key_id = metadata["KeyId"]
        tags = self.kms.get_paginator("list_resource_tags").paginate(KeyId=key_id).build_full_result()["Tags"]
        return {
            "alias": alias,
            "arn": metadata["Arn"],
            "description": metadata["Description"],
            "key_id": key_id,
            "multi_region": metadata["MultiRegion"],
            "policy": json.loads(self.kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]),
            "rotation_period": self._rotation_period(metadata),
            "tags": {tag["TagKey"]: tag["TagValue"] for tag in tags},
        }

    def create(self, desired: dict[str, Any]) -> None:
        if self.params["replicate_from"]:
            self._replicate(desired)
            return
        optional = {"Policy": json.dumps(desired["policy"])} if "policy" in desired else {}
        metadata = self.kms.create_key(
            Description=desired.get("description", ""),
            MultiRegion=desired.get("multi_region", False),
            Tags=spelling(desired.get("tags", {})),
            **optional,
        )["KeyMetadata"]
        self._set_alias(metadata["KeyId"])
        if desired.get("rotation_period"):
            self._rotate(metadata["KeyId"], desired["rotation_period"])

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        key_id = current["key_id"]
        if "alias" in changes:
            self._set_alias(key_id)
        if "description" in changes:
            self.kms.update_key_description(KeyId=key_id, Description=changes["description"][1])
        if "policy" in changes:
            self.kms.put_key_policy(
                KeyId=key_id, PolicyName="default", Policy=json.dumps(changes["policy"][1])
            )
        if "rotation_period" in changes:
            self._rotate(key_id, changes["rotation_period"][1])

    def retained(self, current: dict[str, Any]) -> str | None:
        used = uses(session(self.module), current["arn"])
        return f"it encrypts {', '.join(used)}, which nobody could read without it" if used else None

    def delete(self, current: dict[str, Any]) -> None:
        self.kms.schedule_key_deletion(
            KeyId=current["key_id"], PendingWindowInDays=self.params["deletion_window"]
        )
        if current["alias"]:
            self.kms.delete_alias(AliasName=PREFIX + current["alias"])

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.kms.tag_resource(KeyId=current["key_id"], Tags=spelling(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.kms.untag_resource(KeyId=current["key_id"], TagKeys=keys)

    def wait(self, state: str) -> None:
        # A new key and its alias are not seen at once by every call:
        # https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency
        if state == "present":
            wait_until(f"kms_key {self.identity}", self._state, ["Enabled"], self.params["wait_timeout"])

    def settled(self, current: dict[str, Any]) -> bool:
        return True

    def _state(self) -> str:
        return self._key_state(PREFIX + self.identity)

    def _key_state(self, key: str) -> str:
        metadata = self._metadata(key)
        return metadata["KeyState"] if metadata else "absent"

    def _metadata(self, key: str, kms: Any = None) -> dict[str, Any] | None:
        """The key's metadata by its id, ARN or alias; None when it does not exist or is being deleted."""
        try:
            metadata: dict[str, Any] = (kms or self.kms).describe_key(KeyId=key)["KeyMetadata"]
        except is_boto3_error_code("NotFoundException"):
            return None
        return None if metadata["KeyState"] in GONE else metadata

    def _without_alias(self) -> dict[str, Any] | None:
        """The key that carries the task's tags but has no alias yet, left by a run that was killed."""
        tags = self.params["tags"]
        if not tags:
            return None
        pages = self.client("resourcegroupstaggingapi").get_paginator("get_resources")
        found = pages.paginate(
            ResourceTypeFilters=["kms:key"],
            TagFilters=[{"Key": tag["Key"], "Values": [tag["Value"]]} for tag in as_list(tags)],
        ).build_full_result()["ResourceTagMappingList"]
        for resource in found:
            arn = resource["ResourceARN"]
            metadata = self._metadata(arn)
            if (
                metadata
                and as_dict(resource["Tags"]) == tags
                and not self.kms.list_aliases(KeyId=arn)["Aliases"]
            ):
                return metadata
        return None

    def _replicate(self, desired: dict[str, Any]) -> None:
        primary = self._primary()
        optional = {"Policy": json.dumps(desired["policy"])} if "policy" in desired else {}
        # Only the primary's own region takes the call.
        metadata = client(self.module, "kms", region_name=primary["region"]).replicate_key(
            KeyId=primary["arn"],
            ReplicaRegion=self.kms.meta.region_name,
            Description=desired.get("description", ""),
            Tags=spelling(desired.get("tags", {})),
            **optional,
        )["ReplicaKeyMetadata"]
        # A replica that is still being made takes no alias:
        # https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
        wait_until(
            f"kms_key {self.identity}",
            lambda: self._key_state(metadata["KeyId"]),
            ["Enabled"],
            self.params["wait_timeout"],
        )
        self._set_alias(metadata["KeyId"])

    def _primary(self) -> dict[str, str]:
        """The ARN and region of the primary key that the alias names in the other region."""
        region = self.params["replicate_from"]
        there = client(self.module, "kms", region_name=region)
        found: dict[str, Any] = {}

        def state() -> str:
            found.update(self._metadata(PREFIX + self.identity, there) or {})
            return str(found.get("KeyState", "absent"))

        timeout = min(PRIMARY_TIMEOUT, self.params["wait_timeout"])
        wait_until(f"kms_key {self.identity} in {region}, to replicate it,", state, ["Enabled"], timeout)
        if not found["MultiRegion"]:
            raise AnsibleAWSError(
                message=f"kms_key {self.identity} in {region} is a single-Region key and has no replicas. "
                "Delete it there and run again to have a multi-Region key made."
            )
        primary = found["MultiRegionConfiguration"]["PrimaryKey"]
        return {"arn": primary["Arn"], "region": primary["Region"]}

    def _rotation_period(self, metadata: dict[str, Any]) -> int:
        key_id = metadata["KeyId"]
        kind = metadata.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType")
        if kind == "REPLICA" and self.params["rotation_period"] is not None:
            return int(self.params["rotation_period"])  # the primary's affair
        rotation = self.kms.get_key_rotation_status(KeyId=key_id)
        return rotation.get("RotationPeriodInDays", DEFAULT_PERIOD) if rotation["KeyRotationEnabled"] else 0

    def _rotate(self, key_id: str, period: int) -> None:
        if period:
            self.kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=period)
        else:
            self.kms.disable_key_rotation(KeyId=key_id)

    def _set_alias(self, key_id: str) -> None:
        try:
            self.kms.create_alias(AliasName=PREFIX + self.identity, TargetKeyId=key_id)
        except is_boto3_error_code("AlreadyExistsException"):
            # It still names a key that is being deleted.
            self.kms.update_alias(AliasName=PREFIX + self.identity, TargetKeyId=key_id)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            alias={"required": True},
            description={},
            multi_region={"type": "bool"},
            replicate_from={},
            rotation_period={"type": "int"},
            policy={"type": "dict"},
            deletion_window={"type": "int", "default": 30},
        ),
        supports_check_mode=True,
    )
    if module.params["replicate_from"] == module.region:
        module.fail_json(msg=f"replicate_from is {module.region}, the key's own region; name the primary's.")
    period = module.params["rotation_period"]
    if period not in (None, *ROTATION_PERIODS):
        module.fail_json(
            msg=f"rotation_period is {period}, but KMS rotates every 90 to 2560 days; 0 switches it off."
        )
    reconcile(KmsKey(module))


if __name__ == "__main__":
    main()
