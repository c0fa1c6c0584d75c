"""A person's run of playbooks/upgrade_cluster.yml, which may be killed at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.commands import BIN, LOGS, ROOT

COMMAND = (BIN / "ansible-playbook", "playbooks/upgrade_cluster.yml", "-i", "inventories/sandbox")
POLL = 0.5  # seconds


class Upgrade:
    """One run, with all its processes in a group of their own."""

    def __init__(self, layer: str, env: dict[str, str], *options: str) -> None:
        LOGS.mkdir(exist_ok=True)
        self.log: Path = LOGS / f"{layer}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*COMMAND, *options],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill_when(self, reached: Callable[[], bool], timeout: float) -> None:
        """Kill the run, with -9 and with all its children, at the moment in question."""
        deadline = time.monotonic() + timeout
        try:
            while not reached():
                assert self.process.poll() is None, f"it ended before it could be killed; log: {self.log}"
                assert time.monotonic() < deadline, f"it did not come so far in {timeout} s; log: {self.log}"
                time.sleep(POLL)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL

    def end(self, timeout: float) -> str:
        """What it printed; fails when it does not end well."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(f"it did not end within {timeout} s; log: {self.log}") from None
        printed = self.log.read_text()
        assert status == 0, f"it ended with {status}; log: {self.log}; its end:\n{printed[-3000:]}"
        return printed
