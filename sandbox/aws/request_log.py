"""The log of every request that the gateway served, one JSON object a line: who called what from where, and
how it ended.

It holds no parameter but the identifier of the resource that was meant, so no secret can get into it.
"""

import datetime
import io
import json
import os
import threading
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from botocore.model import Shape

IDENTIFYING = ("Id", "Name", "Arn", "ARN", "arn", "name", "id")
LARGEST = 64 * 1024 * 1024  # bytes; then one older file is kept beside it


@dataclass
class Line:
    """One request; `action` is the IAM action, `status` the HTTP status, `error` AWS's error code.

    `resource` is what the request named, or what came of it.
    """

    account: str = ""
    principal: str = ""
    region: str = ""
    service: str = ""
    operation: str = ""
    action: str = ""
    resource: str = ""
    status: int = 0
    error: str = ""
    source_address: str = ""
    user_agent: str = ""
    access_key_id: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class RequestLog:
    """Safe for several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.Lock()
        self._open()

    def write(self, line: Line) -> None:
        time = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        text = json.dumps({"time": time, **asdict(line)}) + "\n"
        with self._lock:
            if self._file.tell() > LARGEST:
                self._file.close()
                os.replace(self._path, self._path.with_suffix(".1.jsonl"))
                self._open()
            self._file.write(text.encode())

    def newest_first(self, account: str) -> Iterator[dict[str, Any]]:
        """The lines of an account, each a dict of Line's fields and `time`, an ISO 8601 date."""
        mark = f'"account": "{account}"'.encode()
        for path in (self._path, self._path.with_suffix(".1.jsonl")):
            if path.exists():
                for text in reversed(path.read_bytes().splitlines()):
                    if mark in text:
                        yield json.loads(text)

    def _open(self) -> None:
        self._file = open_private(self._path)

    def close(self) -> None:
        self._file.close()


def open_private(path: Path) -> io.FileIO:
    """`path` for appending, without a buffer and for the owner only."""
    return io.FileIO(path, "a", opener=lambda name, flags: os.open(name, flags, 0o600))


def resource_of(parameters: dict[str, Any], shape: Shape | None) -> str:
    """What a request names its resource by: the first required name, id or ARN of its input."""
    members = getattr(shape, "members", {})
    required = getattr(shape, "required_members", [])
    identifying = ("Name", "Id", "Identifier", "Arn", "ARN", "name", "id", "Ids", "Bucket", "names")
    for name in [*required, *members]:
        if "token" in name.lower() or not name.endswith(identifying):
            continue
        value = parameters.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str) and not members[name].metadata.get("sensitive"):
            return value
    return ""


def resource_made(operation: str, result: dict[str, Any]) -> str:
    """The identifier of what an operation made, such as the VpcId in the result of CreateVpc."""
    noun = operation[1:].lstrip(ascii_lowercase)  # the name without its verb
    found = dict(_identifiers(result))
    named = [name for name in found if name.endswith("Id") and noun.endswith(name[:-2])]
    return found[named[0]] if named else next(iter(found.values()), "")


def _identifiers(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values of the ids, names and ARNs in a result, and then in what it holds."""
    for name, value in result.items():
        one = value[0] if isinstance(value, list) and value else value
        if isinstance(one, str) and one and name.removesuffix("s").endswith(IDENTIFYING):
            yield name.removesuffix("s"), one
    for value in result.values():
        if isinstance(value, dict):
            yield from _identifiers(value)
