"""Tools that the machine has already: from `KUBEBUILDER_ASSETS` and PATH, where their version is right."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from sandbox.settings import Settings
from sandbox.toolchain.tools import Tool

VERSION_ARGUMENTS = {"coredns": ("-version",), "kubectl": ("version", "--client")}


def found(tool: Tool, settings: Settings) -> dict[str, Path]:
    """Every program of `tool`, where all are there in its major and minor version; else nothing.

    A tool with configuration of its own is built, because its programs alone are half of it.
    """
    if not tool.module or tool.configuration:
        return {}
    programs = {program: _right(program, tool.version, settings) for program in tool.programs}
    complete = {program: path for program, path in programs.items() if path}
    return complete if len(complete) == len(programs) else {}


def _right(program: str, version: str, settings: Settings) -> Path | None:
    folders = [os.environ.get("KUBEBUILDER_ASSETS", ""), *os.environ.get("PATH", "").split(os.pathsep)]
    others = [folder for folder in folders if folder and Path(folder) != settings.tools]
    path = shutil.which(program, path=os.pathsep.join(others))
    if path and _minor(_version_of(path, program)) == _minor(version):
        return Path(path).absolute()
    return None


def _version_of(path: str, program: str) -> str:
    arguments = VERSION_ARGUMENTS.get(program, ("--version",))
    try:
        done = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"\d+\.\d+\.\d+", done.stdout)
    return match[0] if match else ""


def _minor(version: str) -> str:
    return version.rpartition(".")[0]
