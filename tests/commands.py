"""Runs the project's commands for the tests; what they print goes to a log that a failure names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LOGS = ROOT / ".sandbox-logs"


def environment(**extra: str) -> dict[str, str]:
    """This process's environment with the project's own programs first on PATH, and `extra` on top."""
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **extra}


def run(
    layer: str,
    *command: str | Path,
    env: dict[str, str] | None = None,
    timeout: int = 1800,
    cwd: Path = ROOT,
) -> subprocess.CompletedProcess[str]:
    """Run `command` in the checkout, or in `cwd`, its output kept in the log of `layer`.

    Fails the test with the layer's name, the command, its last lines and the path of the log when the
    command does not end with 0, or not within `timeout` seconds.
    """
    LOGS.mkdir(exist_ok=True)
    log = LOGS / f"{layer}.log"
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=env or environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        output = late.output or b""
        log.write_text(output if isinstance(output, str) else output.decode(errors="replace"))
        raise AssertionError(
            f"{layer}: {' '.join(words)} did not end within {timeout} s; log: {log}"
        ) from late
    log.write_text(done.stdout)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-40:])
        raise AssertionError(
            f"{layer}: {' '.join(words)} ended with {done.returncode}; log: {log}; its last lines:\n{tail}"
        )
    return done
