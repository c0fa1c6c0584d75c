"""The sandbox's processes without their supervisor: children of the test."""

import signal
import subprocess
from pathlib import Path

from sandbox.processes import ABSENT, Program


class LocalProcesses:
    """As much of `sandbox.processes.Processes` as the emulated AWS uses."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, tuple[Program, subprocess.Popen[bytes]]] = {}

    def ensure(self, program: Program) -> bool:
        if self.state(program.name) == "RUNNING":
            return False
        with (self._logs / f"{program.name}.log").open("ab") as log:
            child = subprocess.Popen(program.command, stdout=log, stderr=log)
        self._running[program.name] = (program, child)
        return True

    def state(self, name: str) -> str:
        if name not in self._running:
            return ABSENT
        return "RUNNING" if self._running[name][1].poll() is None else "EXITED"

    def remove(self, name: str) -> None:
        if name in self._running:
            program, child = self._running.pop(name)
            child.send_signal(signal.Signals[f"SIG{program.stop_signal}"])
            child.wait(timeout=20)

    def stop(self) -> None:
        for name in list(self._running):
            self.remove(name)
