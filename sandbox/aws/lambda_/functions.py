"""Functions: made, changed, told of and removed.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html and its neighbours
"""

import binascii
from base64 import b64decode
from typing import Any

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.documents import Document
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.lambda_.configuration import DEFAULTS, check_code, configured
from sandbox.aws.lambda_.errors import changed_meanwhile, conflict, invalid_value, not_found
from sandbox.aws.lambda_.interfaces import Interfaces
from sandbox.aws.lambda_.records import IDENTIFIER, LATEST, Functions, arn, check_ready, modified, told
from sandbox.aws.pages import page

SERVICE = "lambda"
ARCHITECTURES = ("x86_64", "arm64")


class Configurations:
    """Handlers of what keeps functions, their code and their tags."""

    def __init__(self, functions: Functions, times: CreationTimes, interfaces: Interfaces) -> None:
        self._functions = functions
        self._times = times
        self._interfaces = interfaces

    def handlers(self) -> Handlers:
        return {
            (SERVICE, "CreateFunction"): self.create,
            (SERVICE, "GetFunction"): self.get,
            (SERVICE, "GetFunctionConfiguration"): self.get_configuration,
            (SERVICE, "ListFunctions"): self.list,
            (SERVICE, "ListVersionsByFunction"): self.list_versions,
            (SERVICE, "UpdateFunctionCode"): self.update_code,
            (SERVICE, "UpdateFunctionConfiguration"): self.update_configuration,
            (SERVICE, "DeleteFunction"): self.delete,
            (SERVICE, "TagResource"): self.tag,
            (SERVICE, "UntagResource"): self.untag,
            (SERVICE, "ListTags"): self.list_tags,
            # Nothing of these is made here, so nobody has one.
            (SERVICE, "GetFunctionUrlConfig"): self.no_url,
            (SERVICE, "ListAliases"): self.no_aliases,
            (SERVICE, "ListEventSourceMappings"): lambda call: {"EventSourceMappings": []},
        }

    def create(self, call: Call) -> Result:
        asked = call.parameters
        match = IDENTIFIER.fullmatch(asked["FunctionName"])
        if not match or match["qualifier"]:
            raise invalid_value(f"{asked['FunctionName']} is no name of a function")
        name = match["name"]
        if self._functions.find(call.account, call.region, name):
            raise conflict(f"Function already exist: {name}")
        if asked.get("PackageType", "Zip") != "Zip" or asked.get("Publish"):
            raise NotImplementedByEmulator(SERVICE, "CreateFunction", "No images, no published versions.")
        packed = code_in(asked["Code"])
        for member in ("Handler", "Runtime"):
            if not asked.get(member):
                raise invalid_value(f"{member} is mandatory for functions created with deployment packages.")
        configuration = {
            **DEFAULTS,
            "FunctionName": name,
            "FunctionArn": arn(call.account, call.region, name),
            "PackageType": "Zip",
            "Architectures": architectures(asked),
            "EphemeralStorage": {"Size": 512},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "TracingConfig": {"Mode": "PassThrough"},
            **self._coded(packed),
        }
        done_at = self._done_at("lambda-function", asked)
        function: Document = {
            "account": call.account,
            "region": call.region,
            "configuration": configured(call, configuration),
            "created_at": done_at,
            "updated_at": done_at,
            "permissions": [],
            "tags": asked.get("Tags") or {},
        }
        modified(function)
        self._functions.put(function)
        self._interfaces.connect(function)
        return told(function)

    def get(self, call: Call) -> Result:
        function = self._found(call)
        tags = {"Tags": function["tags"]} if function["tags"] else {}
        return {"Configuration": told(function), "Code": {"RepositoryType": "S3"}, **tags}

    def get_configuration(self, call: Call) -> Result:
        return told(self._found(call))

    def list(self, call: Call) -> Result:
        asked = call.parameters
        shown = []
        for function in self._functions.all(call.account, call.region):
            states = ("State", "StateReason", "StateReasonCode", "LastUpdateStatus")
            # https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html: a subset of the fields
            shown.append({key: value for key, value in told(function).items() if not key.startswith(states)})
        found = page(
            shown,
            {"nextToken": asked.get("Marker"), "maxResults": asked.get("MaxItems")},
            "Functions",
            default_limit=50,
            invalid="InvalidParameterValueException",
        )
        return {
            "Functions": found["Functions"],
            **({"NextMarker": found["nextToken"]} if "nextToken" in found else {}),
        }

    def list_versions(self, call: Call) -> Result:
        configuration = told(self._found(call))
        return {"Versions": [{**configuration, "FunctionArn": f"{configuration['FunctionArn']}:{LATEST}"}]}

    def update_code(self, call: Call) -> Result:
        asked = call.parameters
        function = self._changing(call)
        packed = code_in(asked)
        changed = self._coded(packed)
        if asked.get("Architectures"):
            changed["Architectures"] = architectures(asked)
        if asked.get("DryRun"):
            return {**told(function), **changed}
        function["configuration"] |= changed
        return self._updated(function, "lambda-function-update", asked)

    def update_configuration(self, call: Call) -> Result:
        function = self._changing(call)
        before = function["configuration"]
        after = configured(call, before)
        if before.get("VpcConfig") != after.get("VpcConfig"):
            self._interfaces.release(function)
            self._interfaces.connect({**function, "configuration": after})
        function["configuration"] = after
        return self._updated(function, "lambda-function-update", call.parameters)

    def delete(self, call: Call) -> Result:
        function = self._found(call)
        self._functions.delete(function)
        self._interfaces.release(function)
        return {}

    def tag(self, call: Call) -> Result:
        function = self._tagged(call)
        function["tags"] |= call.parameters["Tags"]
        self._functions.put(function)
        return {}

    def untag(self, call: Call) -> Result:
        function = self._tagged(call)
        gone = call.parameters["TagKeys"]
        function["tags"] = {key: value for key, value in function["tags"].items() if key not in gone}
        self._functions.put(function)
        return {}

    def list_tags(self, call: Call) -> Result:
        return {"Tags": self._tagged(call)["tags"]}

    def no_url(self, call: Call) -> Result:
        self._found(call)
        raise not_found("The resource you requested does not exist.")

    def no_aliases(self, call: Call) -> Result:
        self._found(call)
        return {"Aliases": []}

    def _found(self, call: Call) -> Document:
        return self._functions.get(call, call.parameters["FunctionName"], call.parameters.get("Qualifier"))

    def _tagged(self, call: Call) -> Document:
        return self._functions.get(call, call.parameters["Resource"])

    def _changing(self, call: Call) -> Document:
        """The function, if it can be updated now."""
        function = self._found(call)
        wanted = call.parameters.get("RevisionId")
        if wanted and wanted != function["configuration"]["RevisionId"]:
            raise changed_meanwhile()
        check_ready(function)
        return function

    def _updated(self, function: Document, kind: str, asked: dict[str, Any]) -> Result:
        function["updated_at"] = self._done_at(kind, asked)
        modified(function)
        self._functions.put(function)
        return told(function)

    def _done_at(self, kind: str, asked: dict[str, Any]) -> float:
        """A function's network takes longer than the function."""
        in_network = bool((asked.get("VpcConfig") or {}).get("SubnetIds"))
        return self._times.done_at("lambda-function-network" if in_network else kind)

    def _coded(self, packed: bytes) -> Document:
        return {"CodeSha256": self._functions.save_code(packed), "CodeSize": len(packed)}


def code_in(asked: dict[str, Any]) -> bytes:
    """The zip in the request. Raises AWSError for one that Lambda does not take."""
    if asked.get("S3Bucket") or asked.get("ImageUri"):
        raise NotImplementedByEmulator(SERVICE, "CreateFunction", "Code comes in the request here.")
    packed = asked.get("ZipFile") or b""
    if isinstance(packed, str):
        try:
            packed = b64decode(packed)
        except binascii.Error:
            raise AWSError("SerializationException", "ZipFile is not base64", 400) from None
    check_code(packed)
    return bytes(packed)


def architectures(asked: dict[str, Any]) -> list[str]:
    wanted = asked.get("Architectures") or [ARCHITECTURES[0]]
    if len(wanted) != 1 or wanted[0] not in ARCHITECTURES:
        raise invalid_value(f"Architectures {wanted} must be one of {', '.join(ARCHITECTURES)}")
    return list(wanted)
