"""The place where a function's code runs: a process of its own that sees its zip, boto3 and nothing of ours.

What AWS's runtimes hold: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html; what they set:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

import contextlib
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
# boto3 is part of AWS's Python runtimes, with what it needs.
LIBRARIES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
GLANCE = 0.05  # seconds between two looks at a process
LARGEST_OUTPUT = 4 * 1024**2  # bytes that are read of what a function printed


@dataclass(frozen=True)
class Invocation:
    """What one process is to do."""

    arn: str
    request_id: str
    event: Any
    code: bytes
    timeout: float  # seconds
    memory: int  # MiB
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """How it ended: `payload` is JSON text; `error` tells that it is an error's."""

    payload: str
    error: bool
    output: str
    duration: float  # seconds
    memory: int  # MiB at most


class Runtime:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._libraries = folder / "runtime"

    def prepare(self) -> None:
        """Lay out the folder of the libraries that AWS's runtime has."""
        self._libraries.mkdir(parents=True, exist_ok=True)
        for name in LIBRARIES:
            origin = Path(str(importlib.import_module(name).__file__))
            target = origin.parent if origin.name == "__init__.py" else origin
            link = self._libraries / target.name
            if not link.is_symlink() or link.readlink() != target:
                link.unlink(missing_ok=True)
                link.symlink_to(target)

    def run(self, invocation: Invocation) -> Outcome:
        """Run the handler to its end, or to the end of its time or memory."""
        self.prepare()
        with tempfile.TemporaryDirectory(prefix="invocation-", dir=self._folder) as name:
            return self._run(invocation, Path(name))

    def _run(self, invocation: Invocation, folder: Path) -> Outcome:
        task, scratch = folder / "task", folder / "tmp"
        scratch.mkdir()
        with zipfile.ZipFile(io.BytesIO(invocation.code)) as archive:
            archive.extractall(task)
        beginning = time.time()
        asked = {
            "arn": invocation.arn,
            "request_id": invocation.request_id,
            "event": invocation.event,
            "deadline": beginning + invocation.timeout,
        }
        (folder / "invocation.json").write_text(json.dumps(asked))
        environment = {
            **invocation.environment,
            "LAMBDA_TASK_ROOT": str(task),
            "LAMBDA_RUNTIME_DIR": str(self._libraries),
            "PATH": os.defpath,
            "TMPDIR": str(scratch),
            "HOME": str(scratch),  # no configuration of ours is found there
        }
        files = [str(folder / "invocation.json"), str(folder / "result.json")]
        with open(folder / "output", "wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", str(BOOTSTRAP), *files],
                cwd=task,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            status, most = watch(process, invocation.timeout, invocation.memory)
        duration = time.time() - beginning
        printed = (folder / "output").read_bytes()[-LARGEST_OUTPUT:].decode(errors="replace")
        payload, error = ending(folder / "result.json", status, invocation)
        return Outcome(payload, error, printed, duration, most)


def watch(process: subprocess.Popen[bytes], timeout: float, memory: int) -> tuple[int | str, int]:
    """Wait for the process within its limits; returns its exit status or what it exceeded, and its most MiB.

    AWS limits what a function holds in memory, not its address space.
    """
    deadline = time.monotonic() + timeout
    most = 0
    while True:
        try:
            status: int | str = process.wait(min(GLANCE, max(0.0, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            most = max(most, resident(process.pid))
            if most > memory:
                status = "memory"
            elif time.monotonic() >= deadline:
                status = "time"
            else:
                continue
        kill(process)
        return status, most


def resident(pid: int) -> int:
    """MiB that the process has held at most; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")), 0)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def ending(result: Path, status: int | str, invocation: Invocation) -> tuple[str, bool]:
    """What the caller is told, and whether that is an error."""
    whom = f"RequestId: {invocation.request_id} Error:"
    if status == "time":
        message = f"{whom} Task timed out after {invocation.timeout:.2f} seconds"
        return json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": message}), True
    if status == "memory":
        message = f"{whom} Runtime exited with error: signal: killed"
        return json.dumps({"errorType": "Runtime.OutOfMemory", "errorMessage": message}), True
    try:
        ended = json.loads(result.read_text())
    except (OSError, ValueError):
        message = f"{whom} Runtime exited with error: exit status {status}"
        return json.dumps({"errorType": "Runtime.ExitError", "errorMessage": message}), True
    return (json.dumps(ended["error"]), True) if "error" in ended else (ended["result"], False)
