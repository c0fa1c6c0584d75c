#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_logging_configuration
version_added: 0.2.0
short_description: Manage where a web ACL of AWS WAF logs to
description:
  - Keeps the logging configuration of a web ACL, which has one or none.
  - With O(state=absent) nothing is logged any more; what was logged stays.
author:
  - Notejam platform contributors (@notejam)
options:
  web_acl_arn:
    description: ARN of the web ACL.
    type: str
    required: true
  log_destination:
    description:
      - ARN of a log group, bucket or delivery stream whose name begins with C(aws-waf-logs-). Required with
        O(state=present).
    type: str
  redacted_headers:
    description: Names of request headers, in lower case, whose values are left out of the logs.
    type: list
    elements: str
    default: []
  logging_filter:
    description:
      - Which requests are logged, as in AWS's API, see
        U(https://docs.aws.amazon.com/waf/latest/APIReference/API_LoggingFilter.html). All are without it.
    type: dict
extends_documentation_fragment:
  - notejam.platform.resource.untagged
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Log to CloudWatch without anybody's session
  notejam.platform.wafv2_logging_configuration:
    web_acl_arn: arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/notejam-prod/a1b2c3d4
    log_destination: arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-notejam-prod
    redacted_headers: [authorization, cookie]
"""

RETURN = r"""
logging_configuration:
  description: The configuration; none with O(state=absent).
  returned: success
  type: dict
  contains:
    log_destination:
      description: ARN of where the web ACL logs to.
      type: str
    logging_filter:
      description: Which requests are logged; empty for all.
      type: dict
    redacted_headers:
      description: Headers whose values are left out, sorted.
      type: list
      elements: str
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    reconcile,
    untagged_argument_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.wafv2 import MISSING, settled


class LoggingConfiguration(Resource):
    """https://docs.aws.amazon.com/waf/latest/APIReference/API_LoggingConfiguration.html"""

    name = "logging_configuration"
    comparisons: ClassVar = {"logging_filter": same, "redacted_headers": same}

    @property
    def identity(self) -> str:
        return str(self.params["web_acl_arn"])

    @property
    def waf(self) -> Any:
        return self.client("wafv2")

    def desired(self) -> dict[str, Any]:
        return {
            "log_destination": self.params["log_destination"],
            "logging_filter": self.params["logging_filter"] or {},
            "redacted_headers": sorted(self.params["redacted_headers"]),
        }

    def describe(self) -> dict[str, Any] | None:
        try:
            answer = self.waf.get_logging_configuration(ResourceArn=self.identity)
        except is_boto3_error_code(MISSING):
            return None
        found = answer["LoggingConfiguration"]
        redacted = [field.get("SingleHeader") for field in found.get("RedactedFields", [])]
        return {
            "log_destination": found["LogDestinationConfigs"][0],
            "logging_filter": found.get("LoggingFilter", {}),
            # A field that is no header shows as a difference, and is undone.
            "redacted_headers": sorted(field["Name"] if field else "(another field)" for field in redacted),
        }

    def create(self, desired: dict[str, Any]) -> None:
        given = {"LoggingFilter": desired["logging_filter"]} if desired["logging_filter"] else {}
        # The first delivery makes a service-linked role, and may come too early for it.
        settled(self.waf.put_logging_configuration, "WAFServiceLinkedRoleErrorException")(
            LoggingConfiguration={
                "ResourceArn": self.identity,
                "LogDestinationConfigs": [desired["log_destination"]],
                "RedactedFields": [{"SingleHeader": {"Name": name}} for name in desired["redacted_headers"]],
                **given,
            }
        )

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self.create(current | {key: value for key, (_old, value) in changes.items()})

    def delete(self, current: dict[str, Any]) -> None:
        self.waf.delete_logging_configuration(ResourceArn=self.identity)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=untagged_argument_spec(
            web_acl_arn={"required": True},
            log_destination={},
            redacted_headers={"type": "list", "elements": "str", "default": []},
            logging_filter={"type": "dict"},
        ),
        required_if=[("state", "present", ["log_destination"])],
        supports_check_mode=True,
    )
    destination = module.params["log_destination"]
    if destination:
        # A log group's ARN is written with and without this end; WAF takes it without.
        module.params["log_destination"] = destination = destination.removesuffix(":*")
        if not destination.split(":")[-1].split("/")[-1].startswith("aws-waf-logs-"):
            module.fail_json(
                msg=f"log_destination is {destination}, but WAF logs only to what is named aws-waf-logs-*."
            )
    reconcile(LoggingConfiguration(module))


if __name__ == "__main__":
    main()
