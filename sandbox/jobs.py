"""Follows the jobs that supervisord runs beside site.yml: the build of the tools, and that of the image."""

import json
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError
from sandbox.processes import ALIVE, Processes, Program
from sandbox.progress import Step
from sandbox.toolchain.build import STATE_FILE

LAST_LINES = 12


class Job:
    """A job and the step that shows it."""

    def __init__(self, processes: Processes, program: Program, step: Step) -> None:
        self.processes = processes
        self.program = program
        self.step = step
        processes.ensure(program)

    def running(self) -> bool:
        """Whether it still runs; SandboxError with its last lines when it failed."""
        state = self.processes.all()[self.program.name]
        if state.state in ALIVE:
            self.step.show(self.detail())
            return True
        if not state.finished:
            raise SandboxError(f"{self.step.title} failed (log: {state.log}):\n{last_lines(state.log)}")
        self.end()
        return False

    def end(self) -> None:
        self.step.end()

    def detail(self) -> str:
        """How far it is: the last line of its log."""
        return last_lines(self.processes.log(self.program.name), 1)


class ToolBuild(Job):
    """The build of the tools, which writes down how far each one is."""

    def end(self) -> None:
        if self.step.seconds is None:
            super().end()
            for name, tool in self.states().items():
                if tool["state"] == "built":
                    self.step.progress.record(f"Tools: {name} {tool['version']}", tool["seconds"])

    def states(self) -> dict[str, dict[str, Any]]:
        try:
            return dict(json.loads((self.processes.folder.parent / STATE_FILE).read_text()))
        except (OSError, ValueError):  # it has not begun yet
            return {}

    def detail(self) -> str:
        states = self.states()
        built = sum(tool["state"] == "built" for tool in states.values())
        parts = [f"{built} of {len(states)} built"]
        for name, tool in states.items():
            if tool["state"] == "building":
                parts.append(f"{name} {tool['version']} {tool['done']}/{tool['total']} packages")
            elif tool["state"] == "fetching":
                parts.append(f"{name} {tool['version']} being fetched")
        return ", ".join(parts)


def last_lines(log: Path, count: int = LAST_LINES) -> str:
    """The last lines of a log, without empty ones."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join([line for line in lines if line.strip()][-count:])
