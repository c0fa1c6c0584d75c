"""The gateway: whatever speaks AWS's API to this sandbox speaks to it.

A request is identified from its signature's scope and botocore's service models, its signer is authenticated,
a handler of ours answers it where there is one, else the emulator; and it is logged.
"""

import json
import logging
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.aws import function_permissions, protocol
from sandbox.aws.calls import Call, Handlers
from sandbox.aws.clients import Clients
from sandbox.aws.emulator import Emulator, writes
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.http import Request, Response
from sandbox.aws.principals import Principal, Principals, anonymous
from sandbox.aws.protocol import Operation
from sandbox.aws.request_log import Line, RequestLog, resource_made, resource_of
from sandbox.aws.signature import Signature

log = logging.getLogger(__name__)

INTERNAL = "/_sandbox/"  # the sandbox's own paths: no AWS service has one like it
SERVED_HERE = frozenset({"backup", "eks", "eks-auth", "lambda"})  # nothing of them is the emulator's
HEALTH = f"{INTERNAL}health"
MAKING = ("Allocate", "Create", "Run")

# Raises AWSError for a call of its service that is not let through.
Guard = Callable[[Call], None]
Internal = Callable[[Request], Response]


class Gateway:
    """A WSGI application (PEP 3333)."""

    def __init__(
        self,
        emulator: Emulator,
        principals: Principals,
        request_log: RequestLog,
        handlers: Handlers,
        internal: dict[str, Internal],
        default_account: str,
        guards: dict[str, Guard] | None = None,
    ) -> None:
        self.emulator = emulator
        self.clients = Clients(emulator)
        self._principals = principals
        self._log = request_log
        self._handlers = handlers
        self._internal = {HEALTH: lambda request: json_response({"status": "ok"}), **internal}
        self._default_account = default_account
        self._guards = guards or {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request.from_environ(environ)
        response = self.serve_internal(request) if request.path.startswith(INTERNAL) else self.serve(request)
        return response.start(start_response)

    def serve(self, request: Request) -> Response:
        """Answer a request of AWS's API; every failure is an error in the protocol of the service called."""
        line = Line(source_address=request.remote_address, user_agent=request.headers.get("user-agent", ""))
        operation: Operation | None = None
        try:
            signature = Signature.of(request) or self._unsigned(request)
            line.region, line.service = signature.region, signature.service
            operation = protocol.identify(request, signature.service)
            line.service, line.operation = operation.service, operation.name
            line.action = operation.iam_action
            principal = self._authenticate(request, signature, operation)
            line.account, line.principal = principal.account, principal.arn
            line.access_key_id = principal.access_key_id
            call = Call(operation, request, principal, signature.region, self.emulator, self.clients)
            line.resource = resource_of(call.parameters, operation.model.input_shape)
            function_permissions.check(call)
            response = self._answer(call)
            if response.status >= 400:
                line.error = protocol.error_code(operation, response)
            elif writes(operation.name) and (operation.name.startswith(MAKING) or not line.resource):
                made = resource_made(operation.name, protocol.read(operation, response))
                # EC2 gives ids; elsewhere what is made has the name that the request gives it.
                line.resource = made if operation.service == "ec2" and made else line.resource or made
        except AWSError as error:
            line.error = error.code
            response = protocol.answer(operation, error) if operation else unidentified(error)
        except Exception:
            log.exception("The gateway failed in %s", line.action or request.path)
            failure = AWSError("InternalFailure", "The sandbox's gateway failed; its log says why.", 500)
            line.error = failure.code
            response = protocol.answer(operation, failure) if operation else unidentified(failure)
        line.status = response.status
        self._log.write(line)
        return with_request_id(response)

    def _answer(self, call: Call) -> Response:
        operation = call.operation
        if operation.service == "ec2" and call.parameters.get("DryRun"):
            # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
            raise AWSError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        if guard := self._guards.get(operation.service):
            guard(call)
        if handler := self._handlers.get((operation.service, operation.name)):
            return protocol.answer(operation, handler(call))
        if operation.service in SERVED_HERE:
            raise NotImplementedByEmulator(operation.service, operation.name)
        return self.emulator.send(call.request, call.account, operation.service, operation.name)

    def _authenticate(self, request: Request, signature: Signature, operation: Operation) -> Principal:
        if not signature.access_key_id:
            return anonymous(self._default_account)
        return self._principals.authenticate(request, signature, operation.protocol)

    def _unsigned(self, request: Request) -> Signature:
        """A stand-in for the signature of the few operations that take none."""
        if any(f"Action={name}".encode() in request.body for name in protocol.UNSIGNED_STS):
            return Signature("", "us-east-1", "sts", (), "", "", presigned=False)
        raise AWSError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)

    def serve_internal(self, request: Request) -> Response:
        """Answer a request of the sandbox's own processes."""
        for prefix, serve in self._internal.items():
            if request.path.startswith(prefix):
                return serve(request)
        return json_response({"message": f"The gateway has no {request.path}"}, 404)


def json_response(document: object, status: int = 200) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(document).encode())


def unidentified(error: AWSError) -> Response:
    """An error for a request of which not even the service is known; every client finds the code in the
    header.
    """
    response = json_response({"__type": error.code, "message": error.message}, error.status or 400)
    return Response(response.status, {**response.headers, "x-amzn-ErrorType": error.code}, response.body)


def with_request_id(response: Response) -> Response:
    """AWS gives every answer an id.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/get-request-ids.html
    """
    if any(name.lower() == "x-amzn-requestid" for name in response.headers):
        return response
    headers = {**response.headers, "x-amzn-RequestId": secrets.token_hex(16)}
    return Response(response.status, headers, response.body)
