"""supervisord itself: started by `make up`, stopped by `make down`, and how its processes are recognised."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox import environment
from sandbox.errors import SandboxError
from sandbox.machine.packages import SYSTEM_PATH
from sandbox.settings import Settings

# Every process of a sandbox inherits it from supervisord; `.sandbox/env` does not export it.
MARK = "NOTEJAM_SANDBOX_PROCESS"
# A person's own AWS_* or KUBECONFIG must not reach the sandbox's programs.
INHERITED = (
    "HOME",
    "LANG",
    "LD_LIBRARY_PATH",
    "TMPDIR",
    "TZ",
    "USER",
    "LOGNAME",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "NOTEJAM_CACHE",
    "XDG_CACHE_HOME",
)
START_SECONDS = 60
STOP_SECONDS = 120

CONFIGURATION = """\
[supervisord]
nodaemon = true
silent = true
logfile = {logs}/supervisord.log
logfile_maxbytes = 10MB
logfile_backups = 1
pidfile = {folder}/supervisor/supervisord.pid
childlogdir = {logs}
minfds = {file_limit}
{user}
[unix_http_server]
file = {socket}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files = conf.d/*.conf
"""


def ensure(settings: Settings) -> bool:
    """Have supervisord running; returns whether it was started. It brings back every program it had."""
    folder = settings.folder / "supervisor"
    socket = settings.socket("supervisor.sock")
    for needed in (folder / "conf.d", settings.logs, socket.parent):
        needed.mkdir(parents=True, exist_ok=True)
    if pid(settings):
        return False
    socket.unlink(missing_ok=True)
    configuration = folder / "supervisord.conf"
    configuration.write_text(_configuration(settings, socket))
    with (settings.logs / "supervisord.start.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(configuration)],
            cwd=Path(__file__).resolve().parent.parent,
            env=program_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C at `make up` is not for the sandbox's programs
        )
    deadline = time.monotonic() + START_SECONDS
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SandboxError(f"supervisord did not start: see {settings.logs}/supervisord.start.log.")
        time.sleep(0.05)
    return True


def stop(settings: Settings) -> None:
    """Have supervisord stop its programs, last started first, and itself; then no process of it is left."""
    if supervisord := pid(settings):
        os.kill(supervisord, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while is_ours(supervisord, settings.folder) and time.monotonic() < deadline:
            time.sleep(0.1)
    kill_leftovers(settings.folder)


def kill_leftovers(folder: Path) -> list[int]:
    """Kill every process that carries the mark of the sandbox in `folder`; returns their ids."""
    killed: list[int] = []
    deadline = time.monotonic() + START_SECONDS
    while (left := list(processes(folder))) and time.monotonic() < deadline:
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed.append(process)
        time.sleep(0.1)
    return killed


def pid(settings: Settings) -> int:
    """supervisord's process id; 0 when it does not run."""
    try:
        found = int((settings.folder / "supervisor" / "supervisord.pid").read_text())
    except (OSError, ValueError):
        return 0
    return found if is_ours(found, settings.folder) else 0


def processes(folder: Path) -> Iterator[int]:
    """The ids of all living processes of the sandbox in `folder`."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and is_ours(int(entry.name), folder):
            yield int(entry.name)


def is_ours(process: int, folder: Path) -> bool:
    """Whether the process lives and was started by the supervisord of the sandbox in `folder`."""
    try:
        variables = Path(f"/proc/{process}/environ").read_bytes()
    except OSError:
        return False
    return os.fsencode(f"{MARK}={folder}") in variables.split(b"\0")


def program_environment(settings: Settings) -> dict[str, str]:
    """What every program of the sandbox finds in its environment."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    own = {
        MARK: str(settings.folder),
        "NOTEJAM_SANDBOX": str(settings.folder),
        "PATH": os.pathsep.join(
            [environment.programs(settings), os.environ.get("PATH", os.defpath), SYSTEM_PATH]
        ),
        "PYTHONUNBUFFERED": "1",
    }
    return kept | proxies | own


def _configuration(settings: Settings, socket: Path) -> str:
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return CONFIGURATION.format(
        folder=settings.folder,
        logs=settings.logs,
        socket=socket,
        file_limit=65536 if hard_limit == resource.RLIM_INFINITY else min(65536, hard_limit),
        user="user = root\n" if os.geteuid() == 0 else "",
    ).replace("%", "%%")
