"""Runs `ansible-playbook site.yml` in the sandbox, as a person does, and follows it task by task."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sandbox import environment
from sandbox.settings import CHECKOUT, Settings

TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(?:(?P<role>[\w.]+) : )?(?P<task>.*)\] \**$")
STOP_SECONDS = 10
COMMAND = ("ansible-playbook", "site.yml", "-i")
TIMELINE = re.compile(r"^TIMELINE \[?(?P<site>[^\s\]]+)\]? \**\n(?P<lines>(?:.+\n)+)", re.MULTILINE)
RECAP = re.compile(r"^(?P<site>\S+)\s+: ok=\d+\s+changed=(?P<changed>\d+)\s", re.MULTILINE)


class Playbook:
    """One run of site.yml; its output goes to `logs/<log>.log` as it comes."""

    def __init__(
        self,
        settings: Settings,
        entered: Callable[[str, str], None],
        inventory: str = "sandbox",
        options: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        log: str = "site",
    ) -> None:
        """`entered` is called with role and name of each task as it begins; `variables` are the
        environment's, over those of the sandbox's clients.
        """
        self.log = settings.logs / f"{log}.log"
        self.entered = entered
        self.role_seconds: dict[str, float] = {}
        self.last_task: list[str] = []  # what it printed of the task it came to
        # Killed with us: two runs of site.yml at once would be in each other's way.
        command = ["setpriv", "--pdeathsig", "KILL", "--", str(Path(sys.executable).parent / COMMAND[0])]
        self.process = subprocess.Popen(
            [*command, *COMMAND[1:], f"inventories/{inventory}", *options],
            cwd=CHECKOUT,
            env={**environment.client(settings), **(variables or {}), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # so that `stop` reaches its workers
        )
        self.reader = threading.Thread(target=self._follow, daemon=True)
        self.reader.start()

    def running(self) -> bool:
        return self.reader.is_alive()

    def succeeded(self) -> bool:
        """Whether site.yml ended well; waits for its end."""
        self.reader.join()
        return self.process.wait() == 0

    def changed(self) -> dict[str, int]:
        """How many tasks changed something, by site."""
        return {found["site"]: int(found["changed"]) for found in RECAP.finditer(self.log.read_text())}

    def timelines(self) -> dict[str, str]:
        """What was asked for and waited for, by site; none of a site that waited for nothing."""
        return {found["site"]: found["lines"] for found in TIMELINE.finditer(self.log.read_text())}

    def stop(self) -> None:
        """End the run with its workers; what it made so far stays."""
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):  # all of it has ended
                os.killpg(self.process.pid, signal_number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        self.reader.join()

    def _follow(self) -> None:
        assert self.process.stdout is not None  # noqa: S101
        role, began, recap = "", time.monotonic(), False
        with self.log.open("w", buffering=1) as log:
            for line in self.process.stdout:
                log.write(line)
                match = TASK.match(line)
                recap = recap or line.startswith("PLAY RECAP")
                if match:
                    self._took(role, began)
                    role, began, self.last_task = match["role"] or "", time.monotonic(), []
                    self.entered(role, match["task"])
                if not recap:
                    self.last_task.append(line.rstrip())
        self._took(role, began)

    def _took(self, role: str, began: float) -> None:
        self.role_seconds[role] = self.role_seconds.get(role, 0.0) + time.monotonic() - began
