#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_dashboard
version_added: 0.2.0
short_description: Manage a dashboard of CloudWatch
description:
  - Keeps a dashboard. Its body is compared by its meaning, so another order of keys is no difference.
  - A body that CloudWatch stores with complaints is an error here, with the complaints.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The dashboard's name. Dashboards of an account share their names over all regions.
    type: str
    required: true
  body:
    description:
      - The widgets, see
        U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html).
        Required with O(state=present).
    type: dict
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep the dashboard of the site
  notejam.platform.cloudwatch_dashboard:
    name: notejam-prod-eu-west-1
    body:
      widgets:
        - type: text
          x: 0
          y: 0
          width: 24
          height: 1
          properties: {markdown: "# Notejam"}
"""

RETURN = r"""
dashboard:
  description: The dashboard; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The dashboard's ARN.
      type: str
      sample: arn:aws:cloudwatch::123456789012:dashboard/notejam-prod-eu-west-1
    body:
      description: The widgets.
      type: dict
    name:
      description: The dashboard's name.
      type: str
    tags:
      description: The dashboard's tags.
      type: dict
"""

import json
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetDashboard.html
MISSING = ["DashboardNotFoundError", "ResourceNotFound"]


class Dashboard(Resource):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html"""

    name = "dashboard"
    computed = frozenset({"arn"})
    comparisons: ClassVar = {"body": same}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.cloudwatch = self.client("cloudwatch")

    def desired(self) -> dict[str, Any]:
        return self.declared("name", "tags") | {"body": self.params["body"]}

    def describe(self) -> dict[str, Any] | None:
        try:
            found = self.cloudwatch.get_dashboard(DashboardName=self.identity)
        except is_boto3_error_code(MISSING):
            return None
        arn = found["DashboardArn"]
        return {
            "arn": arn,
            "body": json.loads(found["DashboardBody"]),
            "name": found["DashboardName"],
            "tags": as_dict(self.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]),
        }

    def create(self, desired: dict[str, Any]) -> None:
        self._put(desired["body"], Tags=as_list(desired.get("tags", {})))

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self._put(changes["body"][1])

    def delete(self, current: dict[str, Any]) -> None:
        self.cloudwatch.delete_dashboards(DashboardNames=[self.identity])

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.cloudwatch.tag_resource(ResourceARN=current["arn"], Tags=as_list(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.cloudwatch.untag_resource(ResourceARN=current["arn"], TagKeys=keys)

    def _put(self, body: dict[str, Any], **more: Any) -> None:
        answer = self.cloudwatch.put_dashboard(
            DashboardName=self.identity, DashboardBody=json.dumps(body), **more
        )
        complaints = answer.get("DashboardValidationMessages", [])
        if complaints:
            told = "; ".join(f"{one.get('DataPath')}: {one.get('Message')}" for one in complaints)
            raise AnsibleAWSError(message=f"CloudWatch complains of dashboard {self.identity}: {told}")


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(name={"required": True}, body={"type": "dict"}),
        required_if=[("state", "present", ["body"])],
        supports_check_mode=True,
    )
    reconcile(Dashboard(module))


if __name__ == "__main__":
    main()
