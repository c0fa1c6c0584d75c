"""Environments in the cache: one for what is pinned, made once, and never taken for made when it is not."""

from pathlib import Path

import pytest

from sandbox import python_environments
from sandbox.errors import SandboxError

# Notes each call, makes the folder of a new environment, and fails where a file says so.
UV = """#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/calls"
[ "$1" = venv ] && mkdir -p "$4/bin"
[ "$1" = pip ] && [ -e "$here/offline" ] && echo "error: no network" >&2 && exit 2
exit 0
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a `uv` that installs nothing."""
    (tmp_path / "uv").write_text(UV)
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.setenv("UV", str(tmp_path / "uv"))
    return tmp_path


@pytest.fixture
def requirements(folder: Path) -> Path:
    file = folder / "tool.txt"
    file.write_text("tool==1.0 --hash=sha256:0\n")
    return file


def calls(folder: Path) -> list[str]:
    return [line.split()[0] for line in (folder / "calls").read_text().splitlines()]


def test_an_environment_is_made_once_for_each_version(folder: Path, requirements: Path) -> None:
    first = python_environments.ensure(requirements)
    assert first.is_dir()
    assert python_environments.ensure(requirements) == first
    assert calls(folder) == ["venv", "pip"]
    assert "--require-hashes" in (folder / "calls").read_text()
    requirements.write_text("tool==2.0 --hash=sha256:1\n")
    assert python_environments.ensure(requirements) != first
    assert calls(folder) == ["venv", "pip"] * 2


def test_one_that_was_cut_short_is_made_anew(folder: Path, requirements: Path) -> None:
    (folder / "offline").touch()
    with pytest.raises(SandboxError, match="no network"):
        python_environments.ensure(requirements)
    (folder / "offline").unlink()
    half = folder / "cache" / "environments" / next((folder / "cache" / "environments").glob("tool-*/")).name
    (half / "left-over").touch()
    python_environments.ensure(requirements)
    assert calls(folder) == ["venv", "pip"] * 2
    assert not (half / "left-over").exists()


def test_without_uv_it_is_told(monkeypatch: pytest.MonkeyPatch, requirements: Path) -> None:
    monkeypatch.setenv("UV", "/nowhere/uv")
    with pytest.raises(SandboxError, match=r"uv, which installs tool\.txt"):
        python_environments.ensure(requirements)
