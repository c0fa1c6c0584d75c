"""Serve the emulated AWS of the sandbox that NOTEJAM_SANDBOX names: `python -m sandbox.aws`."""

import logging
import os
import sys

from sandbox.aws.cloud import Cloud
from sandbox.aws.server import serve, wait_for_stop
from sandbox.errors import SandboxError
from sandbox.settings import Settings

PORT = 4566


def main() -> int:
    # The order of Python's sets must be the same when the journal is replayed.
    if os.environ.get("PYTHONHASHSEED") != "0":
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        os.execve(sys.executable, [sys.executable, "-m", "sandbox.aws"], environment)  # noqa: S606
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stdout
    )
    try:
        settings = Settings.load()
        cloud = Cloud(settings)
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1
    server = serve(cloud.gateway, (settings.address(1), PORT))
    logging.info("The emulated AWS answers on %s", settings.aws_endpoint_url)
    wait_for_stop()
    server.stop()
    cloud.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
