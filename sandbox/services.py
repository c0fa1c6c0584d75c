"""The programs that `make up` starts itself; the emulated AWS starts the others as they are asked for."""

import os
import sys

from sandbox.machine.packages import SYSTEM_PATH
from sandbox.processes import Program
from sandbox.python_environments import uv
from sandbox.settings import CHECKOUT

# What of a person's environment says how to fetch and build: Go's, uv's and pip's own variables.
BUILD_VARIABLES = ("GO", "UV", "PIP_", "KUBEBUILDER_ASSETS", "NOTEJAM_CACHE", "XDG_CACHE_HOME")


def services() -> list[Program]:
    """What runs for as long as the sandbox is up."""
    return [
        _module("git-server", "sandbox.git_server", priority=800),
        # Started last and stopped first, because it starts other programs itself.
        _module("aws", "sandbox.aws", priority=900, stop_wait=30),
    ]


def tool_build() -> Program:
    """The job that builds the missing tools."""
    return _job("tools", "tools", "build")


def image_push() -> Program:
    """The job that builds Notejam's image, and pushes it once its repository is there."""
    return _job("image", "image", "push")


def _module(name: str, module: str, priority: int, stop_wait: int = 10) -> Program:
    return Program(
        name,
        [sys.executable, "-m", module],
        # Sets in one order over restarts, whose replayed requests must give the same answers.
        environment={"PYTHONHASHSEED": "0", "UV": uv()},
        directory=CHECKOUT,
        priority=priority,
        stop_wait=stop_wait,
    )


def _job(name: str, *arguments: str) -> Program:
    chosen = {name: value for name, value in os.environ.items() if name.startswith(BUILD_VARIABLES)}
    command = [sys.executable, "-m", "sandbox", *arguments]
    path = {"PATH": os.environ.get("PATH", os.defpath) + os.pathsep + SYSTEM_PATH}
    return Program(name, command, environment=chosen | path, directory=CHECKOUT, autorestart=False)
