#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The flow log of a VPC, written to CloudWatch Logs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: flow_log
short_description: Manage the flow log of a VPC
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps a flow log, found by its Name tag on its VPC, that writes to a log group of CloudWatch Logs. AWS
    changes none of its properties but the tags, so any other change replaces it.
  - Documented at U(https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html).
options:
  name:
    description: Name tag of the flow log.
    type: str
    required: true
  vpc_id:
    description: Id of the VPC whose traffic is logged.
    type: str
    required: true
  log_group_name:
    description: Name of the log group.
    type: str
    required: true
  role_arn:
    description: ARN of the IAM role that C(vpc-flow-logs.amazonaws.com) writes with.
    type: str
    required: true
  traffic_type:
    description: Which traffic is logged.
    type: str
    choices: [ALL, ACCEPT, REJECT]
    default: ALL
  max_aggregation_interval:
    description: Seconds of traffic that one record sums up at most.
    type: int
    choices: [60, 600]
    default: 600
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Log the traffic of the VPC
  notejam.platform.flow_log:
    name: notejam-prod
    vpc_id: vpc-0123456789abcdef0
    log_group_name: /notejam-prod/flow-logs
    role_arn: arn:aws:iam::123456789012:role/notejam-prod-flow-logs-eu-west-1
"""

RETURN = r"""
flow_log:
  description: The flow log.
  returned: when it is present
  type: dict
  contains:
    id:
      description: Id of the flow log.
      type: str
      sample: fl-0123456789abcdef0
    vpc_id:
      description: Id of the VPC.
      type: str
    log_group_name:
      description: Name of the log group.
      type: str
    role_arn:
      description: ARN of the IAM role.
      type: str
    traffic_type:
      description: V(ALL), V(ACCEPT) or V(REJECT).
      type: str
    max_aggregation_interval:
      description: Seconds.
      type: int
    tags:
      description: Its tags.
      type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_message
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.ec2 import Ec2Resource, filters, tags_of
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

# A new role is not known everywhere at once:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
ROLE_TIMEOUT = 120  # seconds
KEYS = ("vpc_id", "log_group_name", "role_arn", "traffic_type", "max_aggregation_interval")


class FlowLog(Ec2Resource):
    name = "flow_log"
    resource_type = "vpc-flow-log"
    computed = frozenset({"id"})

    def describe(self) -> State | None:
        pages = self.ec2.get_paginator("describe_flow_logs").paginate(
            Filter=self.named + filters(resource_id=self.params["vpc_id"])
        )
        found = sorted(pages.build_full_result()["FlowLogs"], key=lambda each: each["CreationTime"])
        if not found:
            return None
        # After a replacement that was cut short there are two; the newer one stays.
        log = found[-1]
        if log.get("DeliverLogsStatus") == "FAILED":
            self.module.warn(
                f"Flow log {self.identity} ({log['FlowLogId']}) delivers nothing: "
                f"{log.get('DeliverLogsErrorMessage')}. Let the role {log.get('DeliverLogsPermissionArn')} "
                f"write to the log group {log.get('LogGroupName')}."
            )
        return {
            "id": log["FlowLogId"],
            "vpc_id": log["ResourceId"],
            "log_group_name": log.get("LogGroupName"),
            "role_arn": log.get("DeliverLogsPermissionArn"),
            "traffic_type": log["TrafficType"],
            "max_aggregation_interval": log["MaxAggregationInterval"],
            "superseded": [each["FlowLogId"] for each in found[:-1]],
            "tags": tags_of(log),
        }

    def desired(self) -> State:
        return {**{key: self.params[key] for key in KEYS}, "superseded": [], "tags": self.desired_tags}

    def create(self, desired: State) -> None:
        wait_until(
            f"IAM role {desired['role_arn']} of flow log {self.identity}",
            lambda: self._create(desired),
            ["assumed"],
            min(ROLE_TIMEOUT, self.params["wait_timeout"]),
        )

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        old = [*current["superseded"]]
        if changes.keys() - {"superseded"}:
            # A VPC has one flow log for each log group.
            if "log_group_name" not in changes:
                self.ec2.delete_flow_logs(FlowLogIds=[current["id"], *old])
                old = []
            else:
                old.append(current["id"])
            self.create(self.desired())
        if old:
            self.ec2.delete_flow_logs(FlowLogIds=old)

    def delete(self, current: State) -> None:
        self.ec2.delete_flow_logs(FlowLogIds=[current["id"], *current["superseded"]])

    def _create(self, desired: State) -> str:
        try:
            answer = self.ec2.create_flow_logs(
                ResourceType="VPC",
                ResourceIds=[desired["vpc_id"]],
                TrafficType=desired["traffic_type"],
                LogDestinationType="cloud-watch-logs",
                LogGroupName=desired["log_group_name"],
                DeliverLogsPermissionArn=desired["role_arn"],
                MaxAggregationInterval=desired["max_aggregation_interval"],
                TagSpecifications=self.tag_specifications(),
            )
        except is_boto3_error_message("Unable to assume given IAM role"):
            return "not assumable by vpc-flow-logs.amazonaws.com"
        for failure in answer.get("Unsuccessful", []):
            raise AnsibleAWSError(message=f"flow_log {self.identity}: {failure['Error']['Message']}")
        return "assumed"


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            vpc_id={"required": True},
            log_group_name={"required": True},
            role_arn={"required": True},
            traffic_type={"choices": ["ALL", "ACCEPT", "REJECT"], "default": "ALL"},
            max_aggregation_interval={"type": "int", "choices": [60, 600], "default": 600},
        ),
        supports_check_mode=True,
    )
    reconcile(FlowLog(module))


if __name__ == "__main__":
    main()
