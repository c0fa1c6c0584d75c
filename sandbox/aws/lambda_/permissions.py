"""Functions' resource policies, and whom they let invoke a function.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html,
https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
"""

import json
import re
from typing import Any

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.conditions import like, met
from sandbox.aws.documents import Document
from sandbox.aws.errors import NotImplementedByEmulator
from sandbox.aws.identities import as_list, principal_of
from sandbox.aws.lambda_.errors import changed_meanwhile, conflict, invalid_value, not_found
from sandbox.aws.lambda_.records import Functions

SERVICE = "lambda"
INVOKE = "lambda:InvokeFunction"
SID = re.compile(r"[a-zA-Z0-9-_]{1,100}")
ACTION = re.compile(r"lambda:(\*|[a-zA-Z]+)|\*")
PRINCIPAL = re.compile(r"\*|\d{12}|[a-z0-9.-]+\.amazonaws\.com|arn:aws:(iam|sts)::\d{12}:.+")


class Permissions:
    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def handlers(self) -> Handlers:
        return {
            (SERVICE, "AddPermission"): self.add,
            (SERVICE, "RemovePermission"): self.remove,
            (SERVICE, "GetPolicy"): self.get,
        }

    def add(self, call: Call) -> Result:
        asked = call.parameters
        function = self._found(call)
        sid, principal = asked["StatementId"], asked["Principal"]
        if not SID.fullmatch(sid) or not ACTION.fullmatch(asked["Action"]):
            raise invalid_value("StatementId or Action is not of the form that Lambda takes")
        if not PRINCIPAL.fullmatch(principal):
            raise invalid_value(
                "The provided principal was invalid. Please check the principal and try again."
            )
        if asked.get("EventSourceToken") or asked.get("FunctionUrlAuthType") or asked.get("PrincipalOrgID"):
            raise NotImplementedByEmulator(SERVICE, "AddPermission", "Only sources are conditions here.")
        if any(each["Sid"] == sid for each in function["permissions"]):
            raise conflict(
                f"The statement id ({sid}) provided already exists. Please provide a new statement id, or "
                "remove the existing statement."
            )
        statement: Document = {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": named(principal),
            "Action": asked["Action"],
            "Resource": function["configuration"]["FunctionArn"],
        }
        conditions: dict[str, dict[str, str]] = {}
        if account := asked.get("SourceAccount"):
            conditions["StringEquals"] = {"AWS:SourceAccount": account}
        if source := asked.get("SourceArn"):
            conditions["ArnLike"] = {"AWS:SourceArn": source}
        if conditions:
            statement["Condition"] = conditions
        function["permissions"].append(statement)
        self._functions.put(function)
        return {"Statement": json.dumps(statement)}

    def remove(self, call: Call) -> Result:
        function = self._found(call)
        sid = call.parameters["StatementId"]
        left = [each for each in function["permissions"] if each["Sid"] != sid]
        if len(left) == len(function["permissions"]):
            raise not_found(f"Statement {sid} is not found in resource policy.")
        function["permissions"] = left
        self._functions.put(function)
        return {}

    def get(self, call: Call) -> Result:
        function = self._functions.get(
            call, call.parameters["FunctionName"], call.parameters.get("Qualifier")
        )
        if not function["permissions"]:
            raise not_found("The resource you requested does not exist.")
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": function["permissions"]}
        return {"Policy": json.dumps(policy), "RevisionId": function["configuration"]["RevisionId"]}

    def _found(self, call: Call) -> Document:
        function = self._functions.get(
            call, call.parameters["FunctionName"], call.parameters.get("Qualifier")
        )
        wanted = call.parameters.get("RevisionId")
        if wanted and wanted != function["configuration"]["RevisionId"]:
            raise changed_meanwhile()
        return function


def named(principal: str) -> Any:
    """As the policy spells who was named in the request."""
    if principal == "*":
        return "*"
    if principal.endswith(".amazonaws.com"):
        return {"Service": principal}
    return {"AWS": f"arn:aws:iam::{principal}:root" if principal.isdigit() else principal}


def lets(function: Document, service: str, account: str, source_arn: str) -> bool:
    """Whether the policy lets the service invoke the function for this resource of the account."""
    context = {"aws:sourceaccount": [account], "aws:sourcearn": [source_arn]}
    return any(
        service in as_list(principal_of(statement).get("Service"))
        and like(statement["Action"], INVOKE)
        and met(statement.get("Condition", {}), context)
        for statement in function["permissions"]
    )
