# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A Lambda function's configuration and resource policy, between AWS's words and the module's.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items

CONFIGURATION = {
    "role_arn": "Role",
    "handler": "Handler",
    "description": "Description",
    "timeout": "Timeout",
    "memory_size": "MemorySize",
    "runtime": "Runtime",
    "kms_key_arn": "KMSKeyArn",
}
INVOKE = "lambda:InvokeFunction"
# A new role, and what it is allowed, take some seconds to be seen by Lambda:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
NOT_SEEN_YET = ("cannot be assumed by Lambda", "does not have permissions to call")
PATIENCE = 60.0  # seconds
PAUSE = 3.0


def request(wanted: dict[str, Any]) -> dict[str, Any]:
    """The members of CreateFunction and UpdateFunctionConfiguration for what is wanted."""
    members = {member: wanted[key] for key, member in CONFIGURATION.items() if key in wanted}
    if "environment" in wanted:
        members["Environment"] = {"Variables": wanted["environment"]}
    if "vpc" in wanted:
        members["VpcConfig"] = {
            "SubnetIds": wanted["vpc"]["subnet_ids"],
            "SecurityGroupIds": wanted["vpc"]["security_group_ids"],
        }
    if "log_group" in wanted:
        members["LoggingConfig"] = {"LogGroup": wanted["log_group"]}
    return members


def same_network(current: Any, desired: Any) -> bool:
    """Whether both name the same subnets and security groups, in any order."""
    return all(same_items((current or {}).get(key), desired[key]) for key in desired)


def permission(statement: dict[str, Any]) -> dict[str, str]:
    """A statement of the resource policy as the task spells it; one that it could not spell keeps its text.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
    """
    conditions = {
        key.lower(): value
        for operator in statement.get("Condition", {}).values()
        for key, value in operator.items()
    }
    told = {
        "sid": statement["Sid"],
        "principal": (
            statement["Principal"].get("Service", "") if isinstance(statement["Principal"], dict) else ""
        ),
        "source_account": conditions.pop("aws:sourceaccount", None),
        "source_arn": conditions.pop("aws:sourcearn", None),
    }
    if conditions or not told["principal"] or statement["Action"] != INVOKE or statement["Effect"] != "Allow":
        told["statement"] = json.dumps(statement, sort_keys=True)
    return {key: value for key, value in told.items() if value is not None}


def permissions(api: Any, function: str) -> list[dict[str, str]]:
    """Who may invoke the function by its resource policy."""
    try:
        policy = json.loads(api.get_policy(FunctionName=function)["Policy"])
    except is_boto3_error_code("ResourceNotFoundException"):
        return []
    return [permission(statement) for statement in policy["Statement"]]


def permit(api: Any, function: str, current: list[dict[str, str]], wanted: list[dict[str, str]]) -> None:
    """Let those in `wanted` invoke the function, and nobody else."""
    for gone in current:
        if gone not in wanted:
            api.remove_permission(FunctionName=function, StatementId=gone["sid"])
    members = {"source_account": "SourceAccount", "source_arn": "SourceArn"}
    for new in wanted:
        if new not in current:
            api.add_permission(
                FunctionName=function,
                StatementId=new["sid"],
                Action=INVOKE,
                Principal=new["principal"],
                **{member: new[key] for key, member in members.items() if key in new},
            )


def once_seen(call: Callable[[], Any]) -> None:
    """Call, and again while Lambda does not see the role, or what it is allowed, yet."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            call()
            return
        except is_boto3_error_code("InvalidParameterValueException") as error:
            text = str(error)
            if not any(part in text for part in NOT_SEEN_YET) or time.monotonic() + PAUSE > deadline:
                raise
        time.sleep(PAUSE)


def connections(ec2: Any, api: Any, function: str) -> str:
    """Whether Lambda still has network interfaces that were made for the function and serve no other.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-attaching
    """
    filters = [{"Name": "description", "Values": [f"AWS Lambda VPC ENI-{function}-*"]}]
    pages = ec2.get_paginator("describe_network_interfaces").paginate(Filters=filters)
    found = {
        (interface["SubnetId"], frozenset(group["GroupId"] for group in interface["Groups"]))
        for interface in pages.build_full_result()["NetworkInterfaces"]
    }
    if not found:
        return "absent"
    # Functions with the same subnet and security groups share an interface.
    for other in api.get_paginator("list_functions").paginate().build_full_result()["Functions"]:
        network = other.get("VpcConfig", {})
        groups = frozenset(network.get("SecurityGroupIds", []))
        found -= {(subnet, groups) for subnet in network.get("SubnetIds", [])}
    return "being removed" if found else "absent"
