"""Gives a node its images: `python -m sandbox.kubernetes.preload`, a program of the node's supervisord.

Each is imported as soon as its program is built; it ends when all are in. Given a command, it imports the
pause image only, without which no pod starts, and becomes that command.
"""

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

INTERVAL = 0.2  # seconds between looks for what is not built yet
CTR = ["ctr", "--address", SOCKET, "--namespace", "k8s.io", "images"]


def present() -> set[str]:
    """References of the images that the node has; none while containerd does not answer."""
    listed = subprocess.run([*CTR, "list", "--quiet"], capture_output=True, text=True, check=False)
    return set(listed.stdout.split()) if listed.returncode == 0 else set()


def load(archive: Path) -> bool:
    """Import the archive; returns whether it went well, with the reason in the log when not."""
    done = subprocess.run([*CTR, "import", str(archive)], capture_output=True, text=True, check=False)
    print(f"{archive}: {(done.stdout + done.stderr).strip()}", flush=True)
    return done.returncode == 0


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
        found = [archive for image in missing if (archive := images.archive(settings, image))]
        if not all(map(load, found)) or len(found) < len(missing):
            time.sleep(INTERVAL)


def main() -> None:
    settings = Settings.load()
    if command := sys.argv[1:]:
        preload(settings, [images.PAUSE])
        os.execv(command[0], command)
    preload(settings, images.NODE_IMAGES)


if __name__ == "__main__":
    main()
