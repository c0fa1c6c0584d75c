"""Gives a node its images: `python -m sandbox.kubernetes.preload`, a program of the node's supervisord.

Each is imported as soon as its program is built, the pause image first: without it no pod starts. Ends when
all are in.
"""

import subprocess
import sys
import time
from pathlib import Path

from sandbox.kubernetes import images
from sandbox.kubernetes.containerd import SOCKET
from sandbox.kubernetes.node import Node
from sandbox.processes import Program
from sandbox.settings import CHECKOUT, Settings

INTERVAL = 1  # second between looks for what is not built yet
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
        environment={"NOTEJAM_SANDBOX": str(node.settings.folder)},
        autorestart=False,
        priority=300,
    )


def main() -> None:
    settings = Settings.load()
    while missing := [image for image in images.NODE_IMAGES if image.reference not in present()]:
        found = [archive for image in missing if (archive := images.archive(settings, image))]
        if not all(map(load, found)) or len(found) < len(missing):
            time.sleep(INTERVAL)


if __name__ == "__main__":
    main()
