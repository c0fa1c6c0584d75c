"""Which sandbox has which index on this machine: a file `index-<n>` each, holding the sandbox's folder."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sandbox import lock
from sandbox.errors import SandboxError
from sandbox.settings import SETTINGS_FILE, runtime_folder

INDEXES = range(100)  # as many as there are pod networks


def claim(folder: Path, usable: Iterable[int] = INDEXES) -> int:
    """The index of the sandbox in `folder`: the one it has, or the first of `usable` that nobody has."""
    if (own := claimed(folder)) is not None:
        return own
    for index in usable:
        path = _path(index)
        with contextlib.suppress(OSError):
            if _is_stale(path):
                path.unlink()
        try:
            with path.open("x") as file:
                file.write(str(folder))
        except FileExistsError:
            continue
        return index
    raise SandboxError(
        f"No network is free for another sandbox (claims in {runtime_folder()}): `make down` one of them."
    )


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """Hold everybody else off while a sandbox claims an index and writes its settings."""
    with lock.waiting(_lock_path()):
        yield


def claimed(folder: Path) -> int | None:
    """The index that the sandbox in `folder` has, if any."""
    return next((index for index, owner in claims().items() if owner == folder), None)


def claims() -> dict[int, Path]:
    """The folder that has each index."""
    found = {}
    for path in sorted(runtime_folder().glob("index-*")):
        with contextlib.suppress(OSError, ValueError):
            found[int(path.name.removeprefix("index-"))] = Path(path.read_text())
    return found


def release(folder: Path) -> None:
    """Give the sandbox's index back."""
    with exclusive():
        while (index := claimed(folder)) is not None:
            _path(index).unlink(missing_ok=True)
        if not claims():
            _lock_path().unlink()


def _lock_path() -> Path:
    return runtime_folder() / "claims.lock"


def _path(index: int) -> Path:
    return runtime_folder() / f"index-{index}"


def _is_stale(path: Path) -> bool:
    """Whether the sandbox's folder went without `make down`, so that nothing can give the index back."""
    owner = path.read_text()
    return bool(owner) and not os.path.exists(Path(owner) / SETTINGS_FILE)
