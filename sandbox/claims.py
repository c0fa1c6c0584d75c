"""Which sandbox has which index and name on this machine: a file `index-<n>` each."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox import lock
from sandbox.errors import SandboxError
from sandbox.settings import SETTINGS_FILE, runtime_folder

INDEXES = range(100)  # as many as there are pod networks


@dataclass(frozen=True)
class Claim:
    """An index, and the sandbox that has it."""

    index: int
    folder: Path
    name: str


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """Hold everybody else off while a sandbox claims an index and writes its settings."""
    with lock.waiting(_lock_path()):
        yield


def claim(folder: Path, name: str, usable: Iterable[int] = INDEXES) -> Claim:
    """The claim of the sandbox in `folder`: the one it has, or the first of `usable` that nobody has."""
    if own := claimed(folder):
        return own
    for other in claims():
        if not (other.folder / SETTINGS_FILE).exists():  # its folder went without `make down`
            _path(other.index).unlink()
    taken = {other.index for other in claims()}
    for index in usable:
        if index not in taken:
            _path(index).write_text(f"{folder}\n{name}\n")
            return Claim(index, folder, name)
    raise SandboxError(
        f"No network is free for another sandbox (claims in {runtime_folder()}): `make down` one of them."
    )


def claimed(folder: Path) -> Claim | None:
    """The claim that the sandbox in `folder` has, if any."""
    return next((claim for claim in claims() if claim.folder == folder), None)


def claims() -> list[Claim]:
    """Every claim, by index."""
    found = []
    for path in runtime_folder().glob("index-*"):
        with contextlib.suppress(OSError, ValueError):
            folder, name = path.read_text().splitlines()
            found.append(Claim(int(path.name.removeprefix("index-")), Path(folder), name))
    return sorted(found, key=lambda claim: claim.index)


def release(folder: Path) -> None:
    """Give the sandbox's index back."""
    with exclusive():
        if own := claimed(folder):
            _path(own.index).unlink()
        if not claims():
            _lock_path().unlink()


def free_name(wanted: str | None, default: str = "notejam") -> str:
    """`wanted`, or the default with a number where another sandbox has it; SandboxError when it is taken."""
    standing = [claim for claim in claims() if (claim.folder / SETTINGS_FILE).exists()]
    taken = {claim.name: claim.folder for claim in standing}
    if wanted and wanted in taken:
        raise SandboxError(
            f"NOTEJAM_SANDBOX_NAME is {wanted!r}, the name of the sandbox in {taken[wanted]}: choose another."
        )
    numbered = (f"{default}-{number}" for number in range(2, len(taken) + 3))
    return wanted or next(name for name in (default, *numbered) if name not in taken)


def _lock_path() -> Path:
    return runtime_folder() / "claims.lock"


def _path(index: int) -> Path:
    return runtime_folder() / f"index-{index}"
