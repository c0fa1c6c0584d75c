#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudtrail_trail
version_added: 0.2.0
short_description: Manage a CloudTrail trail with its event selectors and its logging
description:
  - Keeps a trail with where it writes to, which events it selects, whether it logs, and its tags.
  - A trail is changed in its home region only, which is the one of the call that created it. In other regions
    AWS shows a trail of all regions as a shadow, and refuses another of its name. So every site that declares
    the same trail calls the same O(region).
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The trail's name, 3 to 128 letters, digits, periods, underscores and hyphens.
    type: str
    required: true
  s3_bucket_name:
    description:
      - The bucket of the log files, whose policy lets CloudTrail write. Required with O(state=present).
    type: str
  s3_key_prefix:
    description: The beginning of the log files' keys. An empty string takes it away.
    type: str
  is_multi_region_trail:
    description: Whether the events of all regions are logged, also of those to come.
    type: bool
    default: true
  include_global_service_events:
    description: Whether events of IAM and of other services without a region are logged.
    type: bool
    default: true
  enable_log_file_validation:
    description: Whether digest files prove that no log file was changed or deleted.
    type: bool
    default: true
  kms_key_id:
    description: The ARN of the KMS key, of the bucket's region, that encrypts the log files.
    type: str
  cloud_watch_logs_log_group_arn:
    description: The ARN, ending in C(:*), of the log group of the home region that gets the events, too.
    type: str
  cloud_watch_logs_role_arn:
    description: The ARN of the role that CloudTrail writes to the log group with.
    type: str
  is_logging:
    description: Whether the trail logs.
    type: bool
    default: true
  event_selectors:
    description:
      - Which events are logged, replacing any others, advanced ones too. Left out, they stay as they are; a
        new trail logs all management events.
    type: list
    elements: dict
    suboptions:
      read_write_type:
        description: Whether events that read or that write are logged.
        type: str
        choices: [All, ReadOnly, WriteOnly]
        default: All
      include_management_events:
        description: Whether management events are logged.
        type: bool
        default: true
      exclude_management_event_sources:
        description:
          - Services whose management events are left out, C(kms.amazonaws.com) or C(rdsdata.amazonaws.com).
        type: list
        elements: str
        default: []
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Record who does what in the account
  notejam.platform.cloudtrail_trail:
    name: notejam-prod-eu-west-1
    s3_bucket_name: notejam-prod-trail-123456789012-eu-west-1
    kms_key_id: arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab
    cloud_watch_logs_log_group_arn: arn:aws:logs:eu-west-1:123456789012:log-group:notejam-prod-trail:*
    cloud_watch_logs_role_arn: arn:aws:iam::123456789012:role/notejam-prod-trail-eu-west-1
    event_selectors: [{read_write_type: All}]
    region: eu-west-1
"""

RETURN = r"""
trail:
  description: The trail; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The trail's ARN.
      type: str
      sample: arn:aws:cloudtrail:eu-west-1:123456789012:trail/notejam-prod-eu-west-1
    cloud_watch_logs_log_group_arn:
      description: The log group that gets the events.
      type: str
    cloud_watch_logs_role_arn:
      description: The role that CloudTrail writes to it with.
      type: str
    enable_log_file_validation:
      description: Whether digest files prove the log files.
      type: bool
    event_selectors:
      description: Which events are logged; empty while advanced selectors say so.
      type: list
      elements: dict
    include_global_service_events:
      description: Whether events of services without a region are logged.
      type: bool
    is_logging:
      description: Whether the trail logs.
      type: bool
    is_multi_region_trail:
      description: Whether the events of all regions are logged.
      type: bool
    kms_key_id:
      description: The ARN of the key that encrypts the log files.
      type: str
    name:
      description: The trail's name.
      type: str
    s3_bucket_name:
      description: The bucket of the log files.
      type: str
    s3_key_prefix:
      description: The beginning of their keys.
      type: str
    tags:
      description: The trail's tags.
      type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

# What CreateTrail and UpdateTrail take, by what DescribeTrails tells.
MEMBERS = {
    "s3_bucket_name": ("S3BucketName", "S3BucketName"),
    "s3_key_prefix": ("S3KeyPrefix", "S3KeyPrefix"),
    "is_multi_region_trail": ("IsMultiRegionTrail", "IsMultiRegionTrail"),
    "include_global_service_events": ("IncludeGlobalServiceEvents", "IncludeGlobalServiceEvents"),
    "enable_log_file_validation": ("EnableLogFileValidation", "LogFileValidationEnabled"),
    "kms_key_id": ("KmsKeyId", "KmsKeyId"),
    "cloud_watch_logs_log_group_arn": ("CloudWatchLogsLogGroupArn", "CloudWatchLogsLogGroupArn"),
    "cloud_watch_logs_role_arn": ("CloudWatchLogsRoleArn", "CloudWatchLogsRoleArn"),
}
SELECTOR = {
    "read_write_type": "ReadWriteType",
    "include_management_events": "IncludeManagementEvents",
    "exclude_management_event_sources": "ExcludeManagementEventSources",
}


class Trail(Resource):
    """A trail: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html."""

    name = "trail"
    computed = frozenset({"arn"})

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.cloudtrail = self.client("cloudtrail")

    def desired(self) -> dict[str, Any]:
        return self.declared("name", *MEMBERS, "is_logging", "event_selectors", "tags")

    def describe(self) -> dict[str, Any] | None:
        # By its name a trail is found at home only, and its shadows not.
        found = self.cloudtrail.describe_trails(trailNameList=[self.identity], includeShadowTrails=False)
        if not found["trailList"]:
            return None
        trail = found["trailList"][0]
        arn = trail["TrailARN"]
        (tagged,) = self.cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
        state = {key: trail.get(told, "") for key, (_given, told) in MEMBERS.items()}
        return {
            **state,
            "arn": arn,
            "event_selectors": self._selectors(),
            "is_logging": self.cloudtrail.get_trail_status(Name=arn)["IsLogging"],
            "name": trail["Name"],
            "tags": as_dict(tagged.get("TagsList")),
        }

    def create(self, desired: dict[str, Any]) -> None:
        tags = {"TagsList": as_list(desired["tags"])} if desired.get("tags") else {}
        self.cloudtrail.create_trail(Name=self.identity, **_members(desired), **tags)
        if "event_selectors" in desired:
            self._select(desired["event_selectors"])
        if desired["is_logging"]:
            self.cloudtrail.start_logging(Name=self.identity)

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        new = {key: value for key, (_old, value) in changes.items()}
        if given := _members(new):
            self.cloudtrail.update_trail(Name=self.identity, **given)
        if "event_selectors" in new:
            self._select(new["event_selectors"])
        if "is_logging" in new:
            switch = self.cloudtrail.start_logging if new["is_logging"] else self.cloudtrail.stop_logging
            switch(Name=self.identity)

    def delete(self, current: dict[str, Any]) -> None:
        self.cloudtrail.delete_trail(Name=self.identity)

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.cloudtrail.add_tags(ResourceId=current["arn"], TagsList=as_list(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.cloudtrail.remove_tags(ResourceId=current["arn"], TagsList=[{"Key": key} for key in keys])

    def _selectors(self) -> list[dict[str, Any]]:
        """Advanced selectors exclude basic ones, so there are none to compare while there are such."""
        found = self.cloudtrail.get_event_selectors(TrailName=self.identity).get("EventSelectors") or []
        return [
            {key: selector.get(member, []) for key, member in SELECTOR.items()}
            | ({"data_resources": resources} if (resources := selector.get("DataResources")) else {})
            for selector in found
        ]

    def _select(self, selectors: list[dict[str, Any]]) -> None:
        self.cloudtrail.put_event_selectors(
            TrailName=self.identity,
            EventSelectors=[{SELECTOR[key]: one[key] for key in SELECTOR} for one in selectors],
        )


def _members(values: dict[str, Any]) -> dict[str, Any]:
    return {given: values[key] for key, (given, _told) in MEMBERS.items() if key in values}


def main() -> None:
    switch = {"type": "bool", "default": True}
    selector = {
        "read_write_type": {"choices": ["All", "ReadOnly", "WriteOnly"], "default": "All"},
        "include_management_events": switch,
        "exclude_management_event_sources": {"type": "list", "elements": "str", "default": []},
    }
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            s3_bucket_name={},
            s3_key_prefix={"no_log": False},
            is_multi_region_trail=switch,
            include_global_service_events=switch,
            enable_log_file_validation=switch,
            kms_key_id={},
            cloud_watch_logs_log_group_arn={},
            cloud_watch_logs_role_arn={},
            is_logging=switch,
            event_selectors={"type": "list", "elements": "dict", "options": selector},
        ),
        required_if=[("state", "present", ["s3_bucket_name"])],
        required_together=[["cloud_watch_logs_log_group_arn", "cloud_watch_logs_role_arn"]],
        supports_check_mode=True,
    )
    if module.params["is_multi_region_trail"] and not module.params["include_global_service_events"]:
        module.fail_json(msg="A trail with is_multi_region_trail needs include_global_service_events.")
    reconcile(Trail(module))


if __name__ == "__main__":
    main()
