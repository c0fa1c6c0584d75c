#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lambda_function
version_added: 0.2.0
short_description: Manage an AWS Lambda function in Python with its code and who may invoke it
description:
  - Keeps a Lambda function whose code is a folder of the control node, with Python distributions that are
    installed there beside it.
  - The code is packed in the same bytes each time, so a change of it shows as a change of C(code_sha256), and
    nothing else does.
  - O(source) is packed in check mode too, so what cannot be packed is refused in the plan.
  - With O(state=absent), waits until Lambda has also removed the network interfaces of the function, for
    which it needs the function's role. That can take 20 minutes.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The function's name.
    type: str
    required: true
  description:
    description: What the function is for.
    type: str
  role_arn:
    description:
      - The ARN of the role that the function runs as; C(lambda.amazonaws.com) must be trusted by it.
      - Required with O(state=present).
    type: str
  runtime:
    description: The runtime, such as V(python3.13).
    type: str
    default: python3.13
  handler:
    description: The function that is called with each event, as C(module.function).
    type: str
    default: main.handler
  architecture:
    description: The processor's architecture.
    type: str
    choices: [arm64, x86_64]
    default: arm64
  memory_size:
    description: The memory in MiB, from 128 to 10240.
    type: int
    default: 128
  timeout:
    description: How long an invocation may take, in seconds, from 1 to 900.
    type: int
    default: 30
  environment:
    description:
      - The environment variables; V({}) for none. They are shown in diffs, so secrets have no place in them.
    type: dict
  vpc:
    description:
      - The network that the function is connected to; empty lists for none. Left out, it stays as it is.
    type: dict
    suboptions:
      subnet_ids:
        description: The subnets.
        type: list
        elements: str
        required: true
      security_group_ids:
        description: The security groups.
        type: list
        elements: str
        required: true
  kms_key_arn:
    description: The ARN of the KMS key that encrypts the environment variables; else one of AWS's.
    type: str
  log_group:
    description:
      - The CloudWatch log group that the function writes to; by default C(/aws/lambda/) and its name.
    type: str
  source:
    description:
      - The folder on the control node whose files are the function's code. Required with O(state=present).
    type: path
  packages:
    description:
      - Names of Python distributions installed on the control node that are put beside the code, each with
        what it depends on. Only distributions of pure Python can be.
      - boto3 is part of AWS's runtime.
    type: list
    elements: str
    default: []
  permissions:
    description:
      - The services that may invoke the function; V([]) for none. Left out, they stay as they are.
    type: list
    elements: dict
    suboptions:
      sid:
        description: The statement's id.
        type: str
        required: true
      principal:
        description: The service, such as V(secretsmanager.amazonaws.com).
        type: str
        required: true
      source_account:
        description: The account whose resources may be the reason for the invocation.
        type: str
      source_arn:
        description: The ARN, or a pattern of ARNs, of what may be the reason for the invocation.
        type: str
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep the function that rotates Django's secret key
  notejam.platform.lambda_function:
    name: notejam-prod-rotate-django
    description: Rotates Django's secret key
    role_arn: "{{ rotation_role.arn }}"
    handler: rotate_django.handler
    source: "{{ role_path }}/files/rotate_django"
    memory_size: 128
    timeout: 30
    log_group: /aws/lambda/notejam-prod-rotate-django
    permissions:
      - sid: SecretsManager
        principal: secretsmanager.amazonaws.com
        source_account: "123456789012"
    tags:
      Name: notejam-prod-rotate-django

- name: Delete it
  notejam.platform.lambda_function:
    name: notejam-prod-rotate-django
    state: absent
"""

RETURN = r"""
lambda_function:
  description: The function; none with O(state=absent).
  returned: success
  type: dict
  contains:
    architecture:
      description: The processor's architecture.
      type: str
    arn:
      description: The function's ARN.
      type: str
      sample: arn:aws:lambda:eu-west-1:123456789012:function:notejam-prod-rotate-django
    code_sha256:
      description: The SHA-256 of the zip with the code, in base64.
      type: str
    description:
      description: What the function is for.
      type: str
    environment:
      description: The environment variables.
      type: dict
    handler:
      description: The function that is called with each event.
      type: str
    kms_key_arn:
      description: The ARN of the KMS key; empty for AWS's own.
      type: str
    log_group:
      description: The CloudWatch log group that the function writes to.
      type: str
    memory_size:
      description: The memory in MiB.
      type: int
    name:
      description: The function's name.
      type: str
    permissions:
      description: The services that may invoke the function.
      type: list
      elements: dict
    role_arn:
      description: The ARN of the role that the function runs as.
      type: str
    runtime:
      description: The runtime.
      type: str
    tags:
      description: The function's tags.
      type: dict
    timeout:
      description: How long an invocation may take, in seconds.
      type: int
    vpc:
      description: The network that the function is connected to.
      type: dict
      contains:
        subnet_ids:
          description: The subnets.
          type: list
          elements: str
        security_group_ids:
          description: The security groups.
          type: list
          elements: str
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same, same_items
from ansible_collections.notejam.platform.plugins.module_utils.lambda_code import code, code_sha256
from ansible_collections.notejam.platform.plugins.module_utils.lambda_configuration import (
    CONFIGURATION,
    connections,
    once_seen,
    permissions,
    permit,
    request,
    same_network,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MEMORY_SIZES = range(128, 10241)  # MiB
TIMEOUTS = range(1, 901)  # seconds


class LambdaFunction(Resource):
    """A function: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html."""

    name = "lambda_function"
    computed = frozenset({"arn"})
    comparisons: ClassVar = {"environment": same, "permissions": same_items, "vpc": same_network}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.api = self.client("lambda")
        self.packed = b""

    def desired(self) -> dict[str, Any]:
        options = self.params
        self.packed = code(options["source"], options["packages"], options["runtime"], options["handler"])
        variables = options["environment"]
        environment = {} if variables is None else {"environment": {k: str(v) for k, v in variables.items()}}
        return {
            **self.declared(
                "name", *CONFIGURATION, "architecture", "vpc", "log_group", "permissions", "tags"
            ),
            **environment,
            "code_sha256": code_sha256(self.packed),
        }

    def describe(self) -> dict[str, Any] | None:
        found = self._function()
        if found is None:
            return None
        function = found["Configuration"]
        network = function.get("VpcConfig", {})
        return {
            **{key: function.get(member, "") for key, member in CONFIGURATION.items()},
            "architecture": function["Architectures"][0],
            "arn": function["FunctionArn"],
            "code_sha256": function["CodeSha256"],
            "environment": function.get("Environment", {}).get("Variables", {}),
            "log_group": function["LoggingConfig"]["LogGroup"],
            "name": function["FunctionName"],
            "permissions": permissions(self.api, self.identity),
            "tags": found.get("Tags", {}),
            "vpc": {
                "subnet_ids": network.get("SubnetIds", []),
                "security_group_ids": network.get("SecurityGroupIds", []),
            },
        }

    def create(self, desired: dict[str, Any]) -> None:
        once_seen(
            lambda: self.api.create_function(
                FunctionName=desired["name"],
                PackageType="Zip",
                Code={"ZipFile": self.packed},
                Architectures=[desired["architecture"]],
                Tags=desired.get("tags", {}),
                **request(desired),
            )
        )
        permit(self.api, self.identity, [], desired.get("permissions", []))

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        wanted = {key: new for key, (_old, new) in changes.items()}
        if wanted.keys() & {"code_sha256", "architecture"}:
            self._wait_for_update("failed")
            self.api.update_function_code(
                FunctionName=self.identity,
                ZipFile=self.packed,
                Architectures=[wanted.get("architecture", current["architecture"])],
            )
        if configuration := request(wanted):
            # Lambda takes one update at a time.
            self._wait_for_update("failed")
            once_seen(
                lambda: self.api.update_function_configuration(FunctionName=self.identity, **configuration)
            )
        if "permissions" in wanted:
            permit(self.api, self.identity, current["permissions"], wanted["permissions"])

    def delete(self, current: dict[str, Any]) -> None:
        self.api.delete_function(FunctionName=self.identity)

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.api.tag_resource(Resource=current["arn"], Tags=tags)

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.api.untag_resource(Resource=current["arn"], TagKeys=keys)

    def wait(self, state: str) -> None:
        if state == "present":
            self._wait_for_update()
            return
        # The role is needed until Lambda has removed what connected the function to its network.
        what, timeout = f"The network of lambda_function {self.identity}", self.params["wait_timeout"]
        wait_until(
            what, lambda: connections(self.client("ec2"), self.api, self.identity), ["absent"], timeout
        )

    def settled(self, current: dict[str, Any]) -> bool:
        return self._status() == "ready"

    def _wait_for_update(self, *enough: str) -> None:
        what, timeout = f"lambda_function {self.identity}", self.params["wait_timeout"]
        wait_until(what, self._status, ["ready", *enough], timeout, ["failed"])

    def _status(self) -> str:
        """Its state and its last update's in one word."""
        found = self._function()
        if found is None:
            return "absent"
        told = (found["Configuration"].get("State"), found["Configuration"].get("LastUpdateStatus"))
        if "Failed" in told:
            return "failed"
        return "ready" if told[0] in ("Active", "Inactive") and told[1] == "Successful" else "being updated"

    def _function(self) -> dict[str, Any] | None:
        try:
            return dict(self.api.get_function(FunctionName=self.identity))
        except is_boto3_error_code("ResourceNotFoundException"):
            return None


def main() -> None:
    strings = {"type": "list", "elements": "str", "required": True}
    grant = {
        "sid": {"required": True},
        "principal": {"required": True},
        "source_account": {},
        "source_arn": {},
    }
    network = {"subnet_ids": strings, "security_group_ids": strings}
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            description={},
            role_arn={},
            runtime={"default": "python3.13"},
            handler={"default": "main.handler"},
            architecture={"choices": ["arm64", "x86_64"], "default": "arm64"},
            memory_size={"type": "int", "default": 128},
            timeout={"type": "int", "default": 30},
            environment={"type": "dict"},
            vpc={"type": "dict", "options": network},
            kms_key_arn={"no_log": False},
            log_group={},
            source={"type": "path"},
            packages={"type": "list", "elements": "str", "default": []},
            permissions={"type": "list", "elements": "dict", "options": grant},
        ),
        required_if=[("state", "present", ["role_arn", "source"])],
        supports_check_mode=True,
    )
    for option, allowed, unit in (("memory_size", MEMORY_SIZES, "MiB"), ("timeout", TIMEOUTS, "seconds")):
        if module.params[option] not in allowed:
            module.fail_json(
                msg=f"{option} is {module.params[option]}, but Lambda takes {allowed[0]} to {allowed[-1]} "
                f"{unit}."
            )
    reconcile(LambdaFunction(module))


if __name__ == "__main__":
    main()
