"""Gives a node its images: `python -m sandbox.kubernetes.preload`, a program of the node's supervisord.

Each is imported as soon as its program is built; it ends when all are in. Given a command, it becomes that
command when the pause image, without which no pod starts, and those of all programs built by then are in.
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sandbox.kubernetes import images
from sandbox.kubernetes.containerd import SOCKET
from sandbox.kubernetes.node import Node
from sandbox.processes import Program
from sandbox.settings import CHECKOUT, Settings

INTERVAL = 0.1  # seconds between looks for what is not built yet
LOCK = "/run/preload.lock"  # the node's own
CTR = ["ctr", "--address", SOCKET, "--namespace", "k8s.io", "images"]


def present() -> set[str]:
    """References of the images that the node has; none while containerd does not answer."""
    listed = subprocess.run([*CTR, "list", "--quiet"], capture_output=True, text=True, check=False)
    return set(listed.stdout.split()) if listed.returncode == 0 else set()


def load(archive: Path, reference: str) -> None:
    """Import the archive unless that was done meanwhile; a failure is in the log, and tried again."""
    with open(LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if reference in present():
            return
        done = subprocess.run([*CTR, "import", str(archive)], capture_output=True, text=True, check=False)
        print(f"{archive}: {(done.stdout + done.stderr).strip()}", flush=True)


def program(node: Node) -> Program:
    return Program(
        name="preload",
        command=[sys.executable, "-m", "sandbox.kubernetes.preload"],
        directory=CHECKOUT,
        autorestart=False,
        priority=300,
    )


def preload(settings: Settings, wanted: Sequence[images.Image]) -> None:
    """Return when the node has all the `wanted` images."""
    while missing := [image for image in wanted if image.reference not in present()]:
        for image in missing:
            if archive := images.archive(settings, image):
                load(archive, image.reference)
        time.sleep(INTERVAL)


def main() -> None:
    settings = Settings.load()
    if command := sys.argv[1:]:
        built = [image for image in images.NODE_IMAGES if (settings.tools / image.program).exists()]
        # Waiting for them costs less than kubelet does after it asked a registry for one of them in vain.
        preload(settings, [images.PAUSE, *built])
        os.execv(command[0], command)
    preload(settings, images.NODE_IMAGES)


if __name__ == "__main__":
    main()
