"""A PostgreSQL server of its own for the tests: a new cluster in a temporary folder, gone afterwards."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTS_WITHIN = 30  # seconds


@contextmanager
def server() -> Iterator[Path]:
    """Run PostgreSQL and yield the folder of its Unix socket, which is all it listens on."""
    folder = Path(tempfile.mkdtemp(prefix="notejam-postgresql-"))
    as_owner = _as_owner(folder)
    data, log = folder / "data", folder / "log"
    try:
        _run(
            [
                *as_owner,
                _program("initdb"),
                "--auth=trust",
                "--no-sync",
                "--username=notejam",
                f"--pgdata={data}",
            ]
        )
        with log.open("wb") as output:
            postgres = subprocess.Popen(
                [*as_owner, _program("postgres"), "-D", data, "-k", folder, "-h", "", "-F"],
                stdout=output,
                stderr=output,
            )
        try:
            _wait_until_it_answers(postgres, folder, log)
            yield folder
        finally:
            postgres.terminate()
            postgres.wait()
    finally:
        shutil.rmtree(folder)


def _program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs: from PATH, or the newest that Debian has installed."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3])
    )
    found = shutil.which(name) or (installed and str(installed[-1]))
    if not found:
        raise RuntimeError(
            f"{name} was found neither on PATH nor under /usr/lib/postgresql: install PostgreSQL, "
            "or test on SQLite with: pytest --ds tests.settings.sqlite"
        )
    return found


def _as_owner(folder: Path) -> list[str]:
    """Return the prefix of commands that run as the owner of ``folder`` and end with the tests."""
    ends_with_us = ["setpriv", "--pdeathsig=TERM"]
    if os.geteuid() != 0:
        return ends_with_us
    shutil.chown(folder, "postgres", "postgres")  # PostgreSQL refuses to run as root
    return [*ends_with_us, "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[-4]} failed: {done.stderr or done.stdout}")


def _wait_until_it_answers(postgres: subprocess.Popen, folder: Path, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    ready = [_program("pg_isready"), "--quiet", f"--host={folder}"]
    while subprocess.run(ready, check=False).returncode != 0:
        if postgres.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}")
        time.sleep(0.05)
