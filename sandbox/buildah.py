"""Runs buildah on a storage of its own, gone afterwards: the machine's own images are not touched."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sandbox.cache import ensure
from sandbox.errors import SandboxError
from sandbox.lock import waiting
from sandbox.machine.packages import SYSTEM_PATH

LAST_LINES = 15
# Whatever --root says, buildah notes there which blobs it has seen.
NOTES = Path("/var/lib/containers/cache")


class Buildah:
    """buildah(1) over the storage in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str, *arguments: str | Path, stdin: str | None = None) -> str:
        """Run `buildah <command> <arguments>` and return what it printed; SandboxError when it fails."""
        environment = {
            **os.environ,
            "PATH": os.environ.get("PATH", os.defpath) + os.pathsep + SYSTEM_PATH,
            "BUILDAH_ISOLATION": "chroot",  # asks for no right that a container has not
            "TMPDIR": str(self.folder),
        }
        # Plain folders: overlayfs is not to be had in every container, and a kill would leave its mounts.
        own = ["--storage-driver=vfs", f"--root={self.folder}/root", f"--runroot={self.folder}/run"]
        done = subprocess.run(
            # It ends with us, however that comes about.
            ["setpriv", "--pdeathsig=KILL", "buildah", *own, command, *map(str, arguments)],
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = (done.stdout + done.stderr).strip().splitlines()
            said = "\n".join(lines[-LAST_LINES:])
            raise SandboxError(f"`buildah {command}` ended with {done.returncode}:\n{said}")
        return done.stdout.strip()


@contextlib.contextmanager
def storage() -> Iterator[Buildah]:
    """An empty storage in the cache, for one process at a time; what a killed one left is removed first."""
    if shutil.which("buildah") is None:
        raise SandboxError("buildah is missing: on Debian run `apt-get install buildah`, then try again.")
    cache = ensure()
    with waiting(cache / "buildah.lock"):
        for left in cache.glob("buildah-*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=cache, prefix="buildah-"))
        had_notes = NOTES.exists()
        try:
            yield Buildah(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if not had_notes:
                shutil.rmtree(NOTES, ignore_errors=True)
                with contextlib.suppress(OSError):  # not ours alone
                    NOTES.parent.rmdir()
