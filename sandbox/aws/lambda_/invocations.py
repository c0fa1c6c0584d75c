"""Invocations: of whoever may, as the function's role, with their logs.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import base64
import datetime
import json
import logging
import threading
import uuid
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.clients import Clients
from sandbox.aws.documents import Document
from sandbox.aws.errors import AWSError
from sandbox.aws.identities import role_in, temporary_credentials, trust_policy_of, trusts_service
from sandbox.aws.lambda_.configuration import SERVICE_PRINCIPAL
from sandbox.aws.lambda_.permissions import lets
from sandbox.aws.lambda_.records import LATEST, Functions, check_ready, told
from sandbox.aws.lambda_.runtime import Invocation, Outcome, Runtime
from sandbox.aws.principals import Principals, from_credentials
from sandbox.aws.role_permissions import allows

log = logging.getLogger(__name__)

SERVICE = "lambda"
LARGEST_EVENT = 6 * 1024**2  # bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_ASYNCHRONOUS_EVENT = 1024**2
LOG_TAIL = 4096  # bytes
SESSION_SECONDS = 3600


class Invocations:
    def __init__(
        self,
        functions: Functions,
        runtime: Runtime,
        clients: Clients,
        principals: Principals,
        endpoint_url: str,
    ) -> None:
        self._functions = functions
        self._runtime = runtime
        self._clients = clients
        self._principals = principals
        self.endpoint_url = endpoint_url  # where the functions find this AWS

    def handlers(self) -> Handlers:
        return {(SERVICE, "Invoke"): self.invoke}

    def invoke(self, call: Call) -> Result:
        asked = call.parameters
        function = self._functions.get(call, asked["FunctionName"], asked.get("Qualifier"))
        how = asked.get("InvocationType") or "RequestResponse"
        payload = payload_of(asked.get("Payload"))
        if len(payload) > (LARGEST_ASYNCHRONOUS_EVENT if how == "Event" else LARGEST_EVENT):
            raise AWSError("RequestTooLargeException", "Request must be smaller than the limit", 413)
        event = event_in(payload)
        if how == "DryRun":
            return {"StatusCode": 204, "Payload": b""}
        check_ready_for_use(function)
        if how == "Event":
            threading.Thread(target=self._run, args=(function, event), daemon=True).start()
            return {"StatusCode": 202, "Payload": b""}
        outcome, lines = self._run(function, event)
        result: Result = {
            "StatusCode": 200,
            "ExecutedVersion": LATEST,
            "Payload": outcome.payload.encode(),
        }
        if outcome.error:
            result["FunctionError"] = "Unhandled"
        if asked.get("LogType") == "Tail":
            tail = "\n".join(lines).encode()[-LOG_TAIL:]
            result["LogResult"] = base64.b64encode(tail).decode()
        return result

    def invoke_for(
        self, service: str, function_arn: str, account: str, source_arn: str, event: Any
    ) -> Outcome:
        """Invoke the function for a service of AWS that does so because of a resource of the account.

        Raises AWSError AccessDeniedException where the function's policy does not let it, and
        ResourceConflictException while the function is being made.
        """
        function = self.let_in(service, function_arn, account, source_arn)
        check_ready_for_use(function)
        return self._run(function, event)[0]

    def let_in(self, service: str, function_arn: str, account: str, source_arn: str) -> Document:
        """The function, if it is there and lets the service invoke it; AWS does not tell which it lacks."""
        function = self._functions.by_arn(function_arn)
        if function is None or not lets(function, service, account, source_arn):
            raise AWSError(
                "AccessDeniedException",
                f"User: {service} is not authorized to perform: lambda:InvokeFunction on resource: "
                f"{function_arn}",
                403,
            )
        return function

    def _run(self, function: Document, event: Any) -> tuple[Outcome, list[str]]:
        """Run it and write its log; returns how it ended, and the log's lines."""
        configuration = told(function)
        request_id = str(uuid.uuid4())
        beginning = clock.now()
        day = datetime.datetime.fromtimestamp(beginning, tz=datetime.UTC)
        stream = f"{day:%Y/%m/%d}/[{LATEST}]{uuid.uuid4().hex}"
        invocation = Invocation(
            configuration["FunctionArn"],
            request_id,
            event,
            self._functions.code(configuration["CodeSha256"]),
            float(configuration["Timeout"]),
            configuration["MemorySize"],
            self._environment(function, configuration, stream),
        )
        outcome = self._runtime.run(invocation)
        lines = log_lines(request_id, configuration, outcome)
        try:
            self._write_log(function, configuration["LoggingConfig"]["LogGroup"], stream, lines, beginning)
        except (ClientError, AWSError) as error:
            log.warning("The log of %s is not written: %s", configuration["FunctionArn"], error)
        return outcome, lines

    def _environment(self, function: Document, configuration: Document, stream: str) -> dict[str, str]:
        credentials = self._credentials(function, configuration)
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **configuration.get("Environment", {}).get("Variables", {}),
            "AWS_REGION": function["region"],
            "AWS_DEFAULT_REGION": function["region"],
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": configuration["FunctionName"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_VERSION": LATEST,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": configuration["LoggingConfig"]["LogGroup"],
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
            "_HANDLER": configuration["Handler"],
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
        }

    def _credentials(self, function: Document, configuration: Document) -> dict[str, Any]:
        """A session of the function's role, named after the function."""
        account, role = role_in(configuration["Role"])
        iam = self._clients.get("iam", account, function["region"])
        if not trusts_service(trust_policy_of(iam, role), SERVICE_PRINCIPAL):
            raise AWSError(
                "AccessDeniedException", "The role defined for the function cannot be assumed by Lambda.", 403
            )
        credentials = temporary_credentials(SESSION_SECONDS)
        name = configuration["FunctionName"]
        arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
        user_id = f"{iam.get_role(RoleName=role)['Role']['RoleId']}:{name}"
        session = from_credentials(account, arn, user_id, credentials)
        self._principals.add(replace(session, function=configuration["FunctionArn"]))
        return credentials

    def _write_log(
        self, function: Document, group: str, stream: str, lines: list[str], beginning: float
    ) -> None:
        """Lambda writes the log as the function's role, or not at all when that may not.

        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-permissions.html
        """
        account, region, role = function["account"], function["region"], function["configuration"]["Role"]
        iam = self._clients.get("iam", account, region)
        logs = self._clients.get("logs", account, region)
        of_group = f"arn:aws:logs:{region}:{account}:log-group:{group}"

        def may(operation: str, resource: str) -> bool:
            return allows(iam, role, f"logs:{operation}", resource, {"aws:requestedregion": [region]})

        found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        if all(each["logGroupName"] != group for each in found):
            if not may("CreateLogGroup", of_group):
                return
            logs.create_log_group(logGroupName=group)
        of_stream = f"{of_group}:log-stream:{stream}"
        # A policy names a group's streams by "log-group:<name>:*".
        if not all(may(operation, of_stream) for operation in ("CreateLogStream", "PutLogEvents")):
            return
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        moment = int(beginning * 1000)
        events = [{"timestamp": moment + number, "message": line} for number, line in enumerate(lines)]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def check_ready_for_use(function: Document) -> None:
    """A function that is being made is not invoked; one that is being updated is."""
    if told(function)["State"] == "Pending":
        check_ready(function)


def payload_of(payload: Any) -> bytes:
    if payload is None:
        return b""
    return payload if isinstance(payload, bytes) else str(payload).encode()


def event_in(payload: bytes) -> Any:
    try:
        return json.loads(payload or b"{}")
    except ValueError as error:
        raise AWSError(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}", 400
        ) from None


def log_lines(request_id: str, configuration: Document, outcome: Outcome) -> list[str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html"""
    printed = [line for line in outcome.output.split("\n") if line]
    milliseconds = outcome.duration * 1000
    ended = json.loads(outcome.payload) if outcome.error else {}
    if ended.get("errorType") in ("Sandbox.Timedout", "Runtime.OutOfMemory", "Runtime.ExitError"):
        what = ended["errorMessage"].partition("Error: ")[2]
        if ended["errorType"] == "Sandbox.Timedout":
            now = datetime.datetime.fromtimestamp(clock.now(), tz=datetime.UTC)
            printed.append(f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z {request_id} {what}")
        else:
            printed.append(f"RequestId: {request_id} Error: {what}\r{ended['errorType']}")
    return [
        f"START RequestId: {request_id} Version: {LATEST}",
        *printed,
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\tBilled Duration: "
        f"{int(milliseconds) + 1} ms\tMemory Size: {configuration['MemorySize']} MB\tMax Memory Used: "
        f"{outcome.memory} MB",
    ]
