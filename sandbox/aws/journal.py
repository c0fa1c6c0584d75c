"""The emulator's memory: every request that changed it, in order, with the time and the seed it was served
with.

A line is written after a request was served and before it is answered, so that what a client was told is
never lost, and what it was not told may be asked again. The file holds what clients sent, secrets included:
mode 0600.
"""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.aws.http import Request
from sandbox.aws.request_log import open_private

# What a signature proves is checked when a request comes in; a replay needs the key's name only.
HEADERS_LEFT_OUT = frozenset({"accept", "accept-encoding", "connection", "user-agent", "amz-sdk-request"})


@dataclass(frozen=True)
class Entry:
    """A request that the emulator served at `time` (seconds since the epoch) with `seed` for `account`."""

    time: float
    seed: int
    account: str
    request: Request


class Journal:
    """Append-only; one process writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._drop_unfinished_line()
        # Unbuffered: each entry is one write, which a kill leaves whole or cut, never interleaved.
        self._file = open_private(path)

    def append(self, entry: Entry) -> None:
        request = entry.request
        line = {
            "time": entry.time,
            "seed": entry.seed,
            "account": entry.account,
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": {n: v for n, v in request.headers.items() if n not in HEADERS_LEFT_OUT},
            "body": base64.b64encode(request.body).decode(),
        }
        self._file.write(json.dumps(line).encode() + b"\n")

    def entries(self) -> Iterator[Entry]:
        """All entries, oldest first."""
        with open(self.path, "rb") as lines:
            for line in lines:
                values = json.loads(line)
                request = Request(
                    values["method"],
                    values["path"],
                    values["query"],
                    values["headers"],
                    base64.b64decode(values["body"]),
                )
                yield Entry(values["time"], values["seed"], values["account"], request)

    def _drop_unfinished_line(self) -> None:
        """A kill in the middle of a write leaves the last line without its end: that request was never
        answered.
        """
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        if content and not content.endswith(b"\n"):
            os.truncate(self.path, content.rfind(b"\n") + 1)

    def close(self) -> None:
        self._file.close()
