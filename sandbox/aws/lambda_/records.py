"""The functions of all accounts and regions, and their code.

A function's document holds its configuration in AWS's words, beside what AWS does not tell in it.
"""

import base64
import datetime
import hashlib
import re
import uuid
from pathlib import Path

from sandbox.aws import clock
from sandbox.aws.calls import Call
from sandbox.aws.creation_times import passed
from sandbox.aws.documents import Document, Documents
from sandbox.aws.lambda_.errors import conflict, not_found

KIND = "lambda-function"
LATEST = "$LATEST"
# A name, a partial ARN or an ARN, with a qualifier or without:
# https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
IDENTIFIER = re.compile(
    r"(?:(?:arn:aws:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?function:)?"
    r"(?P<name>[a-zA-Z0-9-_]{1,64})(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


class Functions:
    """Documents of functions by account, region and name; zips by their checksum, in a folder."""

    def __init__(self, documents: Documents, folder: Path) -> None:
        self._documents = documents
        self._folder = folder
        self.transaction = documents.transaction

    def find(self, account: str, region: str, name: str) -> Document | None:
        return self._documents.get(KIND, _key(account, region, name))

    def get(self, call: Call, identifier: str, qualifier: str | None = None) -> Document:
        """The function of the caller's account. Raises AWSError ResourceNotFoundException without one."""
        match = IDENTIFIER.fullmatch(identifier)
        name = match["name"] if match else identifier
        here = match and match["region"] in (None, call.region) and match["account"] in (None, call.account)
        wanted = qualifier or (match["qualifier"] if match else None) or LATEST
        found = self.find(call.account, call.region, name) if here and wanted == LATEST else None
        if found is None:
            suffix = "" if wanted == LATEST else f":{wanted}"
            raise not_found(f"Function not found: {arn(call.account, call.region, name)}{suffix}")
        return found

    def by_arn(self, function_arn: str) -> Document | None:
        match = IDENTIFIER.fullmatch(function_arn)
        if not match or not match["region"] or match["qualifier"] not in (None, LATEST):
            return None
        return self.find(match["account"], match["region"], match["name"])

    def all(self, account: str, region: str) -> list[Document]:
        return list(self._documents.all(KIND, _key(account, region, "")).values())

    def put(self, function: Document) -> None:
        """Save a change of the function, which thereby gets another revision."""
        function["configuration"]["RevisionId"] = str(uuid.uuid4())
        told = function["configuration"]
        self._documents.put(
            KIND, _key(function["account"], function["region"], told["FunctionName"]), function
        )

    def delete(self, function: Document) -> None:
        name = function["configuration"]["FunctionName"]
        self._documents.delete(KIND, _key(function["account"], function["region"], name))

    def save_code(self, packed: bytes) -> str:
        """Keep the zip; returns its checksum as AWS tells it."""
        digest = hashlib.sha256(packed)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(digest.hexdigest())
        if not path.exists():
            path.with_suffix(".new").write_bytes(packed)
            path.with_suffix(".new").replace(path)
        return base64.b64encode(digest.digest()).decode()

    def code(self, checksum: str) -> bytes:
        """The zip with this checksum. Raises OSError when it is not there whole."""
        path = self._path(base64.b64decode(checksum).hex())
        packed = path.read_bytes()
        if base64.b64encode(hashlib.sha256(packed).digest()).decode() != checksum:
            raise OSError(f"{path} is not what was uploaded")
        return packed

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.zip"


def _key(account: str, region: str, name: str) -> str:
    return f"{account}/{region}/{name}"


def arn(account: str, region: str, name: str) -> str:
    return f"arn:aws:lambda:{region}:{account}:function:{name}"


def told(function: Document) -> Document:
    """The configuration with the function's states as they are by now.

    https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    configuration: Document = {**function["configuration"], "Version": LATEST}
    if passed(function["created_at"]):
        configuration["State"] = "Active"
    else:
        creating = {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}
        configuration |= {"State": "Pending", **creating}
    if passed(function["updated_at"]):
        configuration["LastUpdateStatus"] = "Successful"
    else:
        reason = "The function is being created." if configuration["State"] == "Pending" else ""
        configuration["LastUpdateStatus"] = "InProgress"
        configuration["LastUpdateStatusReason"] = reason or "The function is being updated."
        configuration["LastUpdateStatusReasonCode"] = "Creating" if reason else "Updating"
    return configuration


def check_ready(function: Document) -> None:
    """Raises AWSError ResourceConflictException while the function is being made or updated."""
    configuration = told(function)
    name = configuration["FunctionArn"]
    if configuration["State"] == "Pending":
        raise conflict(
            "The operation cannot be performed at this time. The function is currently in the following "
            "state: Pending"
        )
    if configuration["LastUpdateStatus"] == "InProgress":
        raise conflict(
            f"The operation cannot be performed at this time. An update is in progress for resource: {name}"
        )


def modified(function: Document) -> None:
    function["configuration"]["LastModified"] = timestamp(clock.now())


def timestamp(moment: float) -> str:
    """As Lambda writes it: ISO 8601 with milliseconds."""
    whole = datetime.datetime.fromtimestamp(moment, tz=datetime.UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{whole.microsecond // 1000:03d}+0000"
