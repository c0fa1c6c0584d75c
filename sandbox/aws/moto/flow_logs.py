"""Flow logs of EC2 as far as moto's differ from AWS's.

Sources: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html
"""

import fnmatch
import json
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends

from sandbox.aws.patching import replace

SERVICE = "vpc-flow-logs.amazonaws.com"
TO_WRITE = ("logs:CreateLogStream", "logs:PutLogEvents")
TO_MAKE_THE_GROUP = "logs:CreateLogGroup"


def install() -> None:
    """Patch moto, once in a process."""
    _refuse_roles_that_the_service_cannot_assume()
    _tell_whether_logs_are_delivered()


def _role(backend: Any, arn: str) -> Any:
    roles = iam_backends[backend.account_id][backend.partition].get_roles()
    return next((role for role in roles if role.arn == arn), None)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _trusts_the_service(role: Any) -> bool:
    trust = role.assume_role_policy_document
    statements = _listed((json.loads(trust) if isinstance(trust, str) else trust)["Statement"])
    return any(
        statement["Effect"] == "Allow"
        and isinstance(statement.get("Principal"), dict)
        and SERVICE in _listed(statement["Principal"].get("Service", []))
        and "sts:AssumeRole" in _listed(statement["Action"])
        for statement in statements
    )


def _may(role: Any, action: str, resource: str) -> bool:
    """Whether a policy of the role allows the action; its conditions and denials are not looked at."""
    documents = [*role.policies.values(), *(policy.document for policy in role.managed_policies.values())]
    statements = [
        statement
        for document in documents
        for statement in _listed(
            (json.loads(document) if isinstance(document, str) else document)["Statement"]
        )
    ]
    return any(
        statement["Effect"] == "Allow"
        and any(fnmatch.fnmatch(action, one) for one in _listed(statement.get("Action", [])))
        and any(fnmatch.fnmatch(resource, one) for one in _listed(statement.get("Resource", [])))
        for statement in statements
    )


def _refuse_roles_that_the_service_cannot_assume() -> None:
    """The role is there and trusts the service, or CreateFlowLogs makes nothing."""

    def create_flow_logs(self: Any, *args: Any, **kwargs: Any) -> Any:
        if arn := kwargs.get("deliver_logs_permission_arn"):
            role = _role(self, arn)
            if role is None or not _trusts_the_service(role):
                raise EC2ClientError("InvalidParameter", "Unable to assume given IAM role")
        return original(self, *args, **kwargs)

    original = replace(EC2Backend, "create_flow_logs", create_flow_logs)


def _tell_whether_logs_are_delivered() -> None:
    """A role that may not write to the log group fails later, as an "Access error" of the delivery."""

    def describe_flow_logs(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(self, *args, **kwargs)
        for log in found:
            if log.log_destination_type == "cloud-watch-logs":
                delivers = _delivers(self, log)
                log.deliver_logs_status = "SUCCESS" if delivers else "FAILED"
                log.deliver_logs_error_message = None if delivers else "Access error"
        return found

    original = replace(EC2Backend, "describe_flow_logs", describe_flow_logs)


def _delivers(backend: Any, log: Any) -> bool:
    role = _role(backend, log.deliver_logs_permission_arn)
    if role is None or not _trusts_the_service(role):
        return False
    group = f"arn:{backend.partition}:logs:{backend.region_name}:{backend.account_id}:log-group:"
    group += log.log_group_name or log.log_destination.rsplit("log-group:")[-1].removesuffix(":*")
    there = logs_backends[backend.account_id][backend.region_name].groups
    if group.split("log-group:")[1] not in there and not _may(role, TO_MAKE_THE_GROUP, group):
        return False
    return all(_may(role, action, f"{group}:log-stream:eni") for action in TO_WRITE)
