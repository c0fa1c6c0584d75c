"""What the containers of known images are as processes of the host: Notejam and Flux's controllers."""

import contextlib
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError
from sandbox.kubernetes.images import FLUX_CONTROLLERS
from sandbox.settings import CHECKOUT, Settings

NOTEJAM = "notejam"
# By the last word of the repository; KWOK reads the same expression.
KNOWN = f"(^|/)({NOTEJAM}|{'|'.join(FLUX_CONTROLLERS)})[:@]"
NOTEJAM_COMMAND = ["gunicorn"]  # CMD of app/Containerfile
LOOPBACK = "127.0.0.1"
# What Notejam's settings ask for before they let anything be done.
SETTINGS = (
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DATABASE_HOST",
    "DATABASE_NAME",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
)


@dataclass(frozen=True)
class HostProcess:
    """A container as a process: `ports` tells where on loopback the container's own ports are."""

    command: list[str]
    directory: Path
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    ports: dict[int, int] = field(default_factory=dict)


def known(pod: dict[str, Any]) -> bool:
    """Whether any container's image is one that runs as a process."""
    return any(re.search(KNOWN, container["image"]) for container in pod["spec"]["containers"])


class VirtualImages:
    """Makes processes of containers; what Notejam needs is installed when its first pod comes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.application = settings.folder / "nodes" / NOTEJAM
        self._installing = threading.Lock()

    def process(self, container: dict[str, Any], environment: dict[str, str], folder: Path) -> HostProcess:
        """The container's process with its resolved `environment`; `folder` is the pod's own.

        Raises SandboxError when Notejam's libraries cannot be installed, and for a program not built yet.
        """
        found = re.search(KNOWN, container["image"])
        name = found.group(2) if found else ""
        words = [*container.get("command", []), *container.get("args", [])]
        if name == NOTEJAM:
            return self._notejam(container["image"].rpartition(":")[2], words, environment)
        return self._flux_controller(name, words, environment, folder)

    def _notejam(self, release: str, words: list[str], environment: dict[str, str]) -> HostProcess:
        app = self.install_notejam(release)
        port = free_port()
        arguments = f"{environment.get('GUNICORN_CMD_ARGS', '')} --bind {LOOPBACK}:{port}".strip()
        own = {
            "PATH": f"{self._libraries() / 'bin'}:/usr/bin:/bin",
            "GUNICORN_CMD_ARGS": arguments,
            "PYTHONUNBUFFERED": "1",
        }
        return HostProcess(words or NOTEJAM_COMMAND, app, environment | own, ports={8000: port})

    def _flux_controller(
        self, name: str, words: list[str], environment: dict[str, str], folder: Path
    ) -> HostProcess:
        program = self.settings.tools / name
        if not program.exists():
            raise SandboxError(f"{name} is not built yet (`make status` says how far the tools are)")
        ports = {port: free_port() for port in (8080, 9440, 9090)}
        own = [
            f"--metrics-addr={LOOPBACK}:{ports[8080]}",
            f"--health-addr={LOOPBACK}:{ports[9440]}",
            "--enable-leader-election=false",  # it asks for its namespace inside a container only
        ]
        if name == "source-controller":
            storage = f"{LOOPBACK}:{ports[9090]}"
            own += [
                f"--storage-path={folder}",
                f"--storage-addr={storage}",
                f"--storage-adv-addr={storage}",  # names of Services are known inside clusters only
            ]
        command = [str(program), *words, *own]
        return HostProcess(command, folder, environment | {"TMPDIR": str(folder)}, ports)

    def install_notejam(self, release: str) -> Path:
        """Have in the sandbox's folder what app/Containerfile puts into the image; returns its folder.

        A release is the application as it was when the release was first seen. Raises SandboxError.
        """
        app = self.application / "releases" / release
        with self._installing:
            python = self._libraries() / "bin" / "python"
            if (app / "manage.py").exists():
                return app
            partial = app.with_name(f".{release}")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(CHECKOUT / "app" / "notejam", partial / "notejam")
            for name in ("gunicorn.conf.py", "manage.py"):
                shutil.copy(CHECKOUT / "app" / name, partial)
            settings = dict.fromkeys(SETTINGS, "only-to-collect-static-files" * 2) | {
                "DATABASE_SSLMODE": "disable"
            }
            command = (str(python), str(partial / "manage.py"), "collectstatic", "--no-input")
            install(*command, environment=settings)
            partial.rename(app)
            return app

    def _libraries(self) -> Path:
        """The virtual environment with the libraries that app/requirements.txt locks."""
        requirements = CHECKOUT / "app" / "requirements.txt"
        digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
        folder = self.application / "libraries" / digest
        if not (folder / "complete").exists():
            install(sys.executable, "-m", "venv", "--clear", str(folder))
            pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes")
            install(*pip, "--only-binary", ":all:", "--requirement", str(requirements))
            (folder / "complete").touch()
        return folder


def install(*command: str, environment: dict[str, str] | None = None) -> None:
    """Run a command of the installation; SandboxError with its last lines when it fails."""
    done = subprocess.run(
        command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
        raise SandboxError(
            f"Notejam could not be installed for the virtual nodes, {command[0]} failed:\n{said}"
        )


def free_port() -> int:
    """A port of loopback that nobody listens on at this moment."""
    with contextlib.closing(socket.create_server((LOOPBACK, 0))) as probe:
        port: int = probe.getsockname()[1]
        return port
