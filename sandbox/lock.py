"""One command at a time changes a sandbox: the kernel frees the lock when its holder ends, however."""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from sandbox.errors import SandboxError
from sandbox.settings import runtime_folder


@contextlib.contextmanager
def exclusive(folder: Path, command: str) -> Iterator[Path]:
    """Hold the lock of the sandbox in `folder` and give its file; SandboxError names who else does.

    The file lies beside the sandbox, not in it, so that `down` can remove the sandbox under its own lock.
    """
    path = lock_file(folder)
    try:
        file = _lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = path.read_text().strip() or "another command"
        raise SandboxError(
            f"{holder} is at work on the sandbox in {folder}: wait for it or stop it, then run it again."
        ) from None
    with file:
        file.truncate(0)
        file.write(f"`{command}` (pid {os.getpid()})")
        file.flush()
        yield path


@contextlib.contextmanager
def waiting(path: Path) -> Iterator[None]:
    """Hold the lock of the file at `path`, waiting for whoever has it."""
    with _lock(path, fcntl.LOCK_EX):
        yield


def lock_file(folder: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return runtime_folder() / f"{digest}.lock"


def _lock(path: Path, operation: int) -> TextIO:
    """Open and lock a file that others may remove while they hold its lock."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
        try:
            fcntl.flock(file, operation)
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except FileNotFoundError:
            pass
        except BlockingIOError:
            file.close()
            raise
        file.close()
