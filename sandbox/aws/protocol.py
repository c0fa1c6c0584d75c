"""AWS's wire protocols (query, EC2, JSON, REST-JSON, REST-XML), both ways, from botocore's service models.

moto's router, parser and serializer do the work; here is which service a request means.
"""

import logging
import warnings
from dataclasses import dataclass, field
from typing import Any

from botocore.parsers import create_parser
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request as RoutedRequest
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from sandbox.aws.errors import AWSError
from sandbox.aws.http import Request, Response
from sandbox.aws.iam_actions import iam_action

log = logging.getLogger(__name__)
# moto warns of error codes that a service model does not list; AWS's common errors are in none of them.
IGNORED_WARNING = ".*does not match an error shape.*"

# Signing name -> botocore's service names, where they differ. The first whose model knows the request is
# meant.
SIGNING_NAMES = {
    "aps": ["amp"],
    "ce": ["ce"],
    "elasticfilesystem": ["efs"],
    "elasticloadbalancing": ["elbv2", "elb"],
    "email": ["sesv2", "ses"],
    "events": ["events"],
    "monitoring": ["cloudwatch"],
    "s3": ["s3", "s3control"],
    "states": ["stepfunctions"],
    "tagging": ["resourcegroupstaggingapi"],
    "airflow": ["mwaa"],
}
S3_CONTROL_PATH = "/v20180820/"
NO_CONTENT = 204
UNSIGNED_STS = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})


@dataclass(frozen=True)
class Operation:
    """The operation that a request asks for, and how it was asked."""

    service: str  # botocore's name
    name: str
    model: OperationModel = field(repr=False)
    protocol: str
    uri_parameters: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def iam_action(self) -> str:
        """As IAM policies name it, e.g. `eks:CreateCluster`."""
        return iam_action(self.service, str(self.model.service_model.signing_name), self.name)


def identify(request: Request, signing_name: str) -> Operation:
    """The operation that `request` means. Raises AWSError when the service or the operation is unknown to
    AWS.
    """
    routed = routed_request(request)
    for service in candidates(request, signing_name):
        try:
            model, uri_parameters = get_service_router(service).match(routed)
            protocol = determine_request_protocol(model.service_model, routed.content_type)
        except (NotFound, NotImplementedError):
            continue
        return Operation(service, model.name, model, protocol, uri_parameters)
    raise AWSError(
        "UnknownOperationException",
        f"{request.method} {request.path} is no operation of {signing_name}.",
        404,
    )


def candidates(request: Request, signing_name: str) -> list[str]:
    if signing_name == "s3":
        return ["s3control" if request.path.startswith(S3_CONTROL_PATH) else "s3"]
    names = SIGNING_NAMES.get(signing_name, [signing_name])
    if signing_name == "elasticloadbalancing" and b"Version=2012-06-01" in request.body:
        return ["elb"]
    for name in names:
        service_model(name)
    return names


def service_model(name: str) -> ServiceModel:
    """botocore's model of a service. Raises AWSError when AWS has no such service."""
    try:
        return get_service_model(name)
    except Exception:
        raise AWSError("UnknownService", f"AWS has no service {name!r}.", 404) from None


def routed_request(request: Request) -> RoutedRequest:
    return RoutedRequest.from_primitives(request.method, request.url, request.headers, request.body)


def parse(operation: Operation, request: Request) -> dict[str, Any]:
    """The request's parameters, named as in the service model."""
    routed = routed_request(request)
    parser = PROTOCOL_PARSERS[operation.protocol](operation.model)
    parsed = parser.parse(
        {
            "method": routed.method,
            "values": routed.values,
            "headers": routed.headers,
            "body": routed.data,
            "url_path": routed.path,
            "url_params": operation.uri_parameters,
        }
    )
    return dict(parsed)


def answer(operation: Operation, result: object) -> Response:
    """A result (a dict named as in the service model) or an error, in the protocol of the operation."""
    serializer = get_serializer_class(operation.service, operation.protocol)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=IGNORED_WARNING)
        serialized = serializer(operation_model=operation.model).serialize(result)
    body = serialized["body"]
    status = (
        (isinstance(result, AWSError) and result.status)
        or status_in(operation, result)
        or serialized["status_code"]
    )
    return Response(
        status,
        {name: str(value) for name, value in serialized["headers"].items()},
        # What has no content has no body, or the next answer on the connection would begin with it.
        b"" if status == NO_CONTENT else body if isinstance(body, bytes) else body.encode(),
    )


def status_in(operation: Operation, result: object) -> int | None:
    """The HTTP status where a member of the result is sent as that, as Lambda's Invoke does."""
    shape = operation.model.output_shape
    if shape is None or not isinstance(result, dict):
        return None
    for name, member in shape.members.items():
        if member.serialization.get("location") == "statusCode" and name in result:
            return int(result[name])
    return None


def error_code(operation: Operation, response: Response) -> str:
    """AWS's code of the error in a response of the emulator."""
    try:
        read(operation, response)
    except AWSError as error:
        return error.code
    return ""


def read(operation: Operation, response: Response) -> dict[str, Any]:
    """The result in a response of the emulator. Raises AWSError with the error in it."""
    parsed = create_parser(operation.protocol).parse(
        {"status_code": response.status, "headers": response.headers, "body": response.body},
        operation.model.output_shape,
    )
    parsed.pop("ResponseMetadata", None)
    if response.status >= 400:
        error = parsed.get("Error", {})
        raise AWSError(error.get("Code", "InternalFailure"), error.get("Message", ""), response.status)
    return dict(parsed)
