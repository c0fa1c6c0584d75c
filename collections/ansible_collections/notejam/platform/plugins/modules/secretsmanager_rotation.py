#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_rotation
version_added: 0.2.0
short_description: Manage how a secret of AWS Secrets Manager is rotated
description:
  - Keeps the rotation of a secret, which is the Lambda function that rotates it and when that happens.
  - Waits until the rotation that the setting up began is complete. When it does not complete, the module
    fails with the error that the function wrote to its log group.
  - A rotation that an earlier run left incomplete is attempted again, for example by a function that has been
    mended since.
author:
  - Notejam platform contributors (@notejam)
options:
  secret_id:
    description: The secret's name or ARN, in the region of its primary.
    type: str
    required: true
  rotation_lambda_arn:
    description: The ARN of the function that rotates the secret. Required with O(state=present).
    type: str
  automatically_after_days:
    description:
      - How many days after its last rotation the secret is rotated, from 1 to 1000.
      - Either this or O(schedule_expression) is required with O(state=present).
    type: int
  schedule_expression:
    description:
      - When the secret is rotated, as a C(rate\(\)) or C(cron\(\)) expression in UTC, see
        U(https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html).
    type: str
  duration:
    description: How long the window is in which the secret is rotated, such as V(3h).
    type: str
  rotate_immediately:
    description:
      - Whether setting up or changing the rotation also rotates the secret at once.
      - With V(false), Secrets Manager only runs the function's step C(testSecret).
    type: bool
    default: true
  state:
    description:
      - V(present) has the secret rotated as declared; V(absent) ends its rotation and leaves its value.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description: Whether to wait until a rotation that is under way is complete.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 600
attributes:
  check_mode:
    description: Reports what would change without calling an API operation that writes.
    support: full
  diff_mode:
    description: Returns the rotation as it is and as it will be; no value of the secret is read.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Have Django's secret key rotated each month
  notejam.platform.secretsmanager_rotation:
    secret_id: notejam-prod/django
    rotation_lambda_arn: "{{ rotation_function.lambda_function.arn }}"
    automatically_after_days: 30

- name: Have the database user's password rotated on the first Sunday of each month, between 2 and 4 UTC
  notejam.platform.secretsmanager_rotation:
    secret_id: notejam-prod/database
    rotation_lambda_arn: "{{ rotation_function.lambda_function.arn }}"
    schedule_expression: cron(0 2 ? * SUN#1 *)
    duration: 2h
"""

RETURN = r"""
rotation:
  description: The rotation; none with O(state=absent).
  returned: success
  type: dict
  contains:
    automatically_after_days:
      description: How many days after its last rotation the secret is rotated.
      type: int
    duration:
      description: How long the window is in which the secret is rotated.
      type: str
    last_rotated:
      description: When the secret was last rotated, in ISO 8601; empty when it never was.
      type: str
    next_rotation:
      description: The time before which the secret is rotated next, in ISO 8601.
      type: str
    rotation_lambda_arn:
      description: The ARN of the function that rotates the secret.
      type: str
    schedule_expression:
      description: When the secret is rotated; empty when that is by days.
      type: str
    secret_arn:
      description: The secret's ARN.
      type: str
"""

import re
import time
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html
DAYS = range(1, 1001)
SCHEDULE = re.compile(r"(rate\([1-9]\d* (days?|hours?)\)|cron\(\S+( \S+){5}\))")
DURATION = re.compile(r"\d{1,3}h")
# Secrets Manager attempts again by itself what failed; after so many seconds that is not waited for any more.
PATIENCE_AFTER_ERROR = 120.0
WITHOUT_ERROR = 5.0  # so many seconds after the beginning, the function's log is not looked at yet
LONGEST_ERROR = 500  # characters
# What could be a password in a function's message: in a URL, or after its name.
IN_URL = re.compile(r"://[^\s/@]+@")
NAMED = re.compile(r"((?:password|passwd|secret|token)\w*['\"]?\s*[=:]\s*)\S+", re.IGNORECASE)


class Rotation(Resource):
    """A rotation: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html."""

    name = "rotation"
    computed = frozenset({"secret_arn", "last_rotated", "next_rotation"})

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.secretsmanager = self.client("secretsmanager")
        self.began = False
        self.started = time.time()

    @property
    def identity(self) -> str:
        return f"of secret {self.params['secret_id']}"

    def desired(self) -> dict[str, Any]:
        rules = {
            "automatically_after_days": self.params["automatically_after_days"] or 0,
            "schedule_expression": self.params["schedule_expression"] or "",
        }
        return {**self.declared("rotation_lambda_arn", "duration"), **rules}

    def describe(self) -> dict[str, Any] | None:
        secret = self._secret()
        if secret is None or not secret.get("RotationEnabled"):
            return None
        rules = secret.get("RotationRules", {})
        schedule = rules.get("ScheduleExpression", "")
        times = {"last_rotated": "LastRotatedDate", "next_rotation": "NextRotationDate"}
        return {
            # Told of a schedule too, where it follows from that.
            "automatically_after_days": 0 if schedule else rules.get("AutomaticallyAfterDays", 0),
            "duration": rules.get("Duration", ""),
            "rotation_lambda_arn": secret.get("RotationLambdaARN", ""),
            "schedule_expression": schedule,
            "secret_arn": secret["ARN"],
            **{
                key: secret[member].isoformat() if secret.get(member) else "" for key, member in times.items()
            },
        }

    def create(self, desired: dict[str, Any]) -> None:
        if self._secret() is None:
            raise AnsibleAWSError(message=f"There is no secret {self.params['secret_id']} in this region.")
        names = {
            "automatically_after_days": "AutomaticallyAfterDays",
            "schedule_expression": "ScheduleExpression",
            "duration": "Duration",
        }
        self.secretsmanager.rotate_secret(
            SecretId=self.params["secret_id"],
            RotationLambdaARN=desired["rotation_lambda_arn"],
            RotationRules={member: desired[key] for key, member in names.items() if desired.get(key)},
            RotateImmediately=self.params["rotate_immediately"],
        )
        self.began = True

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self.create(self.desired())

    def delete(self, current: dict[str, Any]) -> None:
        self.secretsmanager.cancel_rotate_secret(SecretId=self.params["secret_id"])

    def settled(self, current: dict[str, Any]) -> bool:
        return self._status() != "incomplete"

    def wait(self, state: str) -> None:
        if state == "absent":
            return
        if not self.began:
            self._attempt_again()
        timeout = self.params["wait_timeout"]
        first_error: list[float] = []

        def status() -> str:
            found = self._status()
            if found == "incomplete" and time.time() - self.started > WITHOUT_ERROR and self._error():
                first_error.append(time.monotonic())
                if time.monotonic() - first_error[0] > PATIENCE_AFTER_ERROR:
                    return "failed"
            return found

        try:
            wait_until(f"The rotation {self.identity}", status, ["complete"], timeout, ["failed"])
        except AnsibleAWSError:
            raise AnsibleAWSError(
                message=f"The rotation {self.identity} does not complete. "
                f"{self._error() or 'Its function told no error.'} "
                "Mend the function and run again: the rotation is then attempted again."
            ) from None

    def _secret(self) -> dict[str, Any] | None:
        try:
            secret = dict(self.secretsmanager.describe_secret(SecretId=self.params["secret_id"]))
        except is_boto3_error_code("ResourceNotFoundException"):
            return None
        return None if "DeletedDate" in secret else secret

    def _status(self) -> str:
        """Whether the last rotation is complete, by where its label is.

        https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_how.html
        """
        stages = ((self._secret() or {}).get("VersionIdsToStages") or {}).values()
        pending = any("AWSPENDING" in labels and "AWSCURRENT" not in labels for labels in stages)
        return "incomplete" if pending else "complete"

    def _attempt_again(self) -> None:
        """Asked to rotate, Secrets Manager says that a rotation is incomplete, and attempts it again."""
        try:
            self.secretsmanager.rotate_secret(SecretId=self.params["secret_id"])
        except is_boto3_error_code("InvalidRequestException"):
            pass

    def _error(self) -> str:
        """The last error that the function wrote since this began; empty when none can be read."""
        try:
            function = self.client("lambda").get_function_configuration(
                FunctionName=self.params["rotation_lambda_arn"]
            )
            events = self.client("logs").filter_log_events(
                logGroupName=function["LoggingConfig"]["LogGroup"], startTime=int(self.started * 1000)
            )["events"]
        except (BotoCoreError, ClientError):
            return ""
        errors = [
            event["message"].strip()
            for event in events
            if event["message"].startswith("[ERROR]") or "Task timed out" in event["message"]
        ]
        if not errors:
            return ""
        first_line = NAMED.sub(r"\1...", IN_URL.sub("://...@", errors[-1].splitlines()[0]))
        return f"The function {function['FunctionName']} says: {first_line[:LONGEST_ERROR]}"


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "secret_id": {"required": True, "no_log": False},
            "rotation_lambda_arn": {},
            "automatically_after_days": {"type": "int"},
            "schedule_expression": {},
            "duration": {},
            "rotate_immediately": {"type": "bool", "default": True},
            "state": {"choices": ["present", "absent"], "default": "present"},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 600},
        },
        mutually_exclusive=[("automatically_after_days", "schedule_expression")],
        required_if=[
            ("state", "present", ["rotation_lambda_arn"]),
            ("state", "present", ["automatically_after_days", "schedule_expression"], True),
        ],
        supports_check_mode=True,
    )
    given = module.params
    if given["automatically_after_days"] not in (None, *DAYS):
        module.fail_json(
            msg=f"automatically_after_days is {given['automatically_after_days']}, but Secrets Manager "
            "takes 1 to 1000."
        )
    for option, pattern, example in (
        ("schedule_expression", SCHEDULE, "rate(30 days) or cron(0 2 ? * SUN#1 *)"),
        ("duration", DURATION, "3h"),
    ):
        if given[option] and not pattern.fullmatch(given[option]):
            module.fail_json(msg=f"{option} is {given[option]!r}, which is not of the form {example}.")
    reconcile(Rotation(module))


if __name__ == "__main__":
    main()
