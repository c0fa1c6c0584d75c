"""The sandbox that the tests share: one of their own, beside whichever one is up."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import BIN, ROOT, environment, run

FOLDER = ROOT / ".sandbox-test"


def sandbox(
    *words: str, layer: str, timeout: int = 2400, variables: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of the tests' own sandbox, with variables over its inventory's from a file."""
    env = sandbox_environment() | ({"NOTEJAM_VARIABLES": str(variables)} if variables else {})
    return run(layer, BIN / "python", "-m", "sandbox", *words, env=env, timeout=timeout)


def sandbox_environment() -> dict[str, str]:
    """The environment that names the tests' own sandbox."""
    return environment(NOTEJAM_SANDBOX=str(FOLDER), NOTEJAM_SANDBOX_NAME="test")


def exported(file: Path) -> dict[str, str]:
    """What sourcing the sandbox's `env` file gives: the environment of an outside client."""
    return exported_by(f"set -a; . {shlex.quote(str(file))}", environment())


def exported_by(commands: str, inherited: dict[str, str]) -> dict[str, str]:
    """The environment after a shell has evaluated `commands` in the inherited one."""
    shell = ["/bin/sh", "-c", f"{commands}\nenv -0"]
    listing = subprocess.run(shell, env=inherited, stdout=subprocess.PIPE, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in listing.split("\0") if "=" in line)


@pytest.fixture(scope="package")
def services() -> Iterator[dict[str, str]]:
    """An empty rehearsal cloud: emulated AWS, Git and registry, and nothing provisioned on it."""
    sandbox("down", layer="sandbox-down")
    sandbox("up", "--services", layer="sandbox-services")
    yield exported(FOLDER / "env")
    sandbox("down", layer="sandbox-down")
