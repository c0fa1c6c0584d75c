"""The sandbox's processes, supervised by supervisord (http://supervisord.org) over its Unix socket.

Each program is a file in `supervisor/conf.d/`, so whatever restarts supervisord brings every program back.
"""

import contextlib
import dataclasses
import http.client
import shlex
import xmlrpc.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from sandbox.errors import SandboxError
from sandbox.settings import Settings, write_private

ABSENT = "ABSENT"  # the state of a program that supervisord does not know
ALIVE = frozenset({"STARTING", "RUNNING"})


@dataclass(frozen=True)
class Program:
    """A program to keep running. `stop_wait` is in seconds; a lower `priority` starts first, stops last."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    directory: Path | None = None
    user: str | None = None
    stop_signal: str = "TERM"
    stop_wait: int = 10
    autorestart: bool = True
    priority: int = 500


@dataclass(frozen=True)
class ProcessState:
    """What supervisord knows of a program; `state` is one of its states, `pid` is 0 when it does not run."""

    name: str
    state: str
    pid: int
    description: str
    exit_status: int
    log: Path

    @property
    def finished(self) -> bool:
        """Whether it ended by itself, and well, as a program that is not restarted should."""
        return self.state == "EXITED" and self.exit_status == 0


class Processes:
    """The programs of one sandbox. Methods raise SandboxError when supervisord does not answer.

    A further cluster's are the same ones under names of their own, with that cluster as their sandbox.
    """

    prefix = ""
    environment: Mapping[str, str] = {}

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.home / "supervisor"
        self.socket = settings.socket("supervisor.sock")
        self.logs = settings.home / "logs"
        if settings.place:
            self.prefix = f"{settings.place}-"
            self.environment = {"NOTEJAM_SANDBOX": str(settings.folder)}

    def _named(self, name: str) -> str:
        return name if name.startswith(self.prefix) else f"{self.prefix}{name}"

    def ensure(self, program: Program) -> bool:
        """Have `program` running as declared; returns whether anything had to be done.

        A program that fails to stay up is started again by supervisord, so this does not wait for health.
        """
        program = dataclasses.replace(
            program, name=self._named(program.name), environment={**program.environment, **self.environment}
        )
        path, text = self._configuration(program.name), self._render(program)
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_private(path, text)
        with self._supervisor() as supervisor:
            [[added, changed, _removed]] = supervisor.reloadConfig()
            if program.name in changed:
                self._drop(supervisor, program.name)
            if program.name in added or program.name in changed:
                with ignored(Faults.ALREADY_ADDED):
                    supervisor.addProcessGroup(program.name)
            elif self.state(program.name) in ALIVE:
                return False
            with ignored(Faults.ALREADY_STARTED):
                supervisor.startProcess(program.name, False)
        return True

    def remove(self, name: str) -> None:
        """Stop the program and forget it; nothing happens when there is none."""
        name = self._named(name)
        self._configuration(name).unlink(missing_ok=True)
        with self._supervisor() as supervisor:
            supervisor.reloadConfig()
            self._drop(supervisor, name)

    def restart(self, name: str) -> None:
        """Stop the program, if it runs, and start it; returns once it stayed up for a second."""
        name = self._named(name)
        with self._supervisor() as supervisor:
            with ignored(Faults.NOT_RUNNING):
                supervisor.stopProcess(name, True)
            with ignored(Faults.ALREADY_STARTED):
                supervisor.startProcess(name, True)

    def signal(self, name: str, signal: str | int) -> None:
        """Send a signal, e.g. "HUP" or 1, to the program; nothing happens when it does not run."""
        with self._supervisor() as supervisor, ignored(Faults.NOT_RUNNING):
            supervisor.signalProcess(self._named(name), str(signal))

    def state(self, name: str) -> str:
        """supervisord's state of the program, such as RUNNING, BACKOFF or FATAL; ABSENT when it has none."""
        with self._supervisor() as supervisor, ignored(Faults.BAD_NAME):
            return str(supervisor.getProcessInfo(self._named(name))["statename"])
        return ABSENT

    def all(self) -> dict[str, ProcessState]:
        """Every program by name, in the order they start."""
        with self._supervisor() as supervisor:
            found = supervisor.getAllProcessInfo()
        return {
            info["name"]: ProcessState(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"],
                description=info["description"],
                exit_status=info["exitstatus"],
                log=self.log(info["name"]),
            )
            for info in found
        }

    def log(self, name: str) -> Path:
        return self.logs / f"{self._named(name)}.log"

    @contextlib.contextmanager
    def _supervisor(self) -> Iterator[Any]:
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        try:
            yield xmlrpc.client.ServerProxy("http://localhost", transport).supervisor
        except (OSError, http.client.HTTPException) as error:
            raise SandboxError(
                f"The sandbox's process manager does not answer on {self.socket} ({error}): run `make up`."
            ) from None
        except xmlrpc.client.Fault as fault:
            raise SandboxError(
                f"The process manager refused: {fault.faultString} (logs in {self.logs})."
            ) from None
        finally:
            transport.close()

    @staticmethod
    def _drop(supervisor: Any, name: str) -> None:
        with ignored(Faults.BAD_NAME, Faults.NOT_RUNNING):
            supervisor.stopProcessGroup(name, True)
        with ignored(Faults.BAD_NAME):
            supervisor.removeProcessGroup(name)

    def _configuration(self, name: str) -> Path:
        return self.folder / "conf.d" / f"{name}.conf"

    def _render(self, program: Program) -> str:
        # The kernel kills the child when supervisord dies, so a kill -9 of it leaves no process behind.
        command = ["setpriv", "--pdeathsig", "KILL", "--", *program.command]
        environment = ",".join(f'{key}="{quotable(value)}"' for key, value in program.environment.items())
        lines = {
            "command": escaped(shlex.join(command)),
            "environment": environment,
            "directory": escaped(str(program.directory or self.folder.parent)),
            "user": program.user or "",
            "priority": program.priority,
            "autostart": "true",
            "autorestart": str(program.autorestart).lower(),
            "startretries": 20,  # waits 1, 2, 3... s between them: whatever it depends on may come up late
            "startsecs": 1 if program.autorestart else 0,  # a job may be done within a second
            "stopsignal": program.stop_signal,
            "stopwaitsecs": program.stop_wait,
            "stopasgroup": str(not program.autorestart).lower(),  # a job is one with what it runs
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": escaped(str(self.log(program.name))),
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": 1,
        }
        body = "".join(f"{key} = {value}\n" for key, value in lines.items() if value != "")
        return f"[program:{program.name}]\n{body}"


def escaped(value: str) -> str:
    """`value` as supervisord's configuration reads it back; ValueError for what that format cannot hold.

    Source: http://supervisord.org/configuration.html ("%" expands, a spaced ";" or "#" starts a comment).
    """
    if any(mark in f" {value}" for mark in ("\n", " ;", " #", "\t;", "\t#")):
        raise ValueError("supervisord cannot hold a line break or a word that starts with ; or #")
    return value.replace("%", "%%")


def quotable(value: str) -> str:
    """`value` as it stands in double quotes; ValueError for a quote, which that format cannot escape."""
    if '"' in value or value != value.strip("'"):
        raise ValueError("supervisord cannot hold a quote in an environment variable: pass it in a file")
    return escaped(value)


@contextlib.contextmanager
def ignored(*faults: int) -> Iterator[None]:
    """Let supervisord's faults of these codes pass: what was asked for is so already."""
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode not in faults:
            raise
