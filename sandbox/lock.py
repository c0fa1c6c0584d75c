"""One command at a time changes a sandbox: the kernel frees the lock when its holder ends, however."""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.settings import runtime_folder


@contextlib.contextmanager
def exclusive(folder: Path, command: str) -> Iterator[Path]:
    """Hold the lock of the sandbox in `folder` and give its file; SandboxError names who else holds it.

    The file lies beside the sandbox, not in it, so that `down` can remove the sandbox under its own lock.
    """
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    path = runtime_folder() / f"{digest}.lock"
    while True:
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another command"
            file.close()
            raise SandboxError(
                f"{holder} is at work on the sandbox in {folder}: wait for it or stop it, then run it again."
            ) from None
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            break
        file.close()  # a `down` removed the file between our open and our lock: this one is nobody's
    with file:
        file.truncate(0)
        file.write(f"`{command}` (pid {os.getpid()})")
        file.flush()
        yield path


@contextlib.contextmanager
def waiting(path: Path) -> Iterator[None]:
    """Hold the lock of the file at `path`, waiting for whoever has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
