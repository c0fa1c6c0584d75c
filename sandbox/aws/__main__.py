"""Serve the emulated AWS of the sandbox that NOTEJAM_SANDBOX names: `python -m sandbox.aws`.

With `--no-kubernetes`, EKS is only its API: clusters become active with nothing behind them.
"""

import logging
import os
import sys

from sandbox.aws.cloud import Cloud
from sandbox.aws.kubernetes_ports import Clusters, NoClusters
from sandbox.aws.server import listen, wait_for_stop
from sandbox.errors import SandboxError
from sandbox.settings import Settings

# Read when a process starts, so this one starts itself again with them.
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",  # the order of sets must be the same when the journal is replayed
    "MALLOC_ARENA_MAX": "1",  # one heap for all threads, as they take turns anyway: a third of the memory
}
PORT = 4566
REGISTRY_PORT = 5000


def main() -> int:
    if ENVIRONMENT.items() - os.environ.items():
        environment = {**os.environ, **ENVIRONMENT}
        os.execve(sys.executable, [sys.executable, "-m", "sandbox.aws", *sys.argv[1:]], environment)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stdout
    )
    try:
        settings = Settings.load()
        # Before anything else: who has the addresses is the only one that writes the sandbox's state.
        servers = [listen((settings.address(1), port)) for port in (PORT, REGISTRY_PORT)]
        cloud = Cloud(settings, clusters_of(settings))
        cloud.start()
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1
    for server, application in zip(servers, (cloud.gateway, cloud.ecr.front), strict=True):
        server.begin(application)
    logging.info("The emulated AWS answers on %s", settings.aws_endpoint_url)
    wait_for_stop()
    for server in servers:
        server.stop()
    cloud.close()
    return 0


def clusters_of(settings: Settings) -> Clusters:
    """The Kubernetes behind each EKS cluster; the sandbox's supervisor starts and stops its processes."""
    if "--no-kubernetes" in sys.argv[1:]:
        return NoClusters()
    from sandbox.aws.eks.control_planes import ControlPlanes

    return ControlPlanes(settings)


if __name__ == "__main__":
    sys.exit(main())
