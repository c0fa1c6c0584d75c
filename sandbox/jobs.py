"""Follows the jobs that supervisord runs beside site.yml: the build of the tools, and that of the image."""

import json
from pathlib import Path

from sandbox.build_tools import STATE_FILE
from sandbox.errors import SandboxError
from sandbox.processes import ALIVE, Processes, Program
from sandbox.progress import Step

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
        self.step.end()
        return False

    def detail(self) -> str:
        """How far it is: the last line of its log."""
        return last_lines(self.processes.log(self.program.name), 1)


class ToolBuild(Job):
    """The build of the tools, which writes down how far each one is."""

    def detail(self) -> str:
        try:
            states = json.loads((self.processes.folder.parent / STATE_FILE).read_text())
        except (OSError, ValueError):
            return "starting"
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
