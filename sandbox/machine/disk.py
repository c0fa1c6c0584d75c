"""Whether the disks hold what is about to be put on them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError

GIB = 1 << 30
# Measured: modules and compiled packages of all tools, and the programs; given back but for the programs.
BUILD = 14 * GIB
# Images, databases and logs of one sandbox.
SANDBOX = 3 * GIB


@dataclass(frozen=True)
class Need:
    """A purpose, the variable that says where it goes, and how many bytes it takes there."""

    purpose: str
    variable: str
    path: Path
    size: int

    @property
    def existing(self) -> Path:
        return next(parent for parent in (self.path, *self.path.parents) if parent.is_dir())

    @property
    def device(self) -> int:
        return self.existing.stat().st_dev


def check(folder: Path, cache: Path, building: bool) -> None:
    """SandboxError, with what is needed and what is free, when a disk is too small."""
    needs = [Need(f"the sandbox in {folder}", "NOTEJAM_SANDBOX", folder, SANDBOX)]
    if building:
        needs.append(Need(f"building the tools in {cache}", "NOTEJAM_CACHE", cache, BUILD))
    for device in {need.device for need in needs}:
        together = [need for need in needs if need.device == device]
        free = shutil.disk_usage(together[0].existing).free
        if sum(need.size for need in together) > free:
            parts = " and ".join(f"{need.size / GIB:.0f} GiB for {need.purpose}" for need in together)
            variables = " or ".join(need.variable for need in together)
            raise SandboxError(
                f"The disk of {together[0].path} has {free / GIB:.1f} GiB free; needed are {parts}. "
                f"Make room, or name a folder on another disk by {variables}."
            )
