"""Scans the AWS account that the shell is signed in to: `python -m tests.prowler REGION...`

Prints what fails without an explanation in docs/prowler.md, and ends with 1 when anything does.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from sandbox.errors import SandboxError
from tests.prowler import explanations
from tests.prowler.scan import scan


def main(regions: list[str]) -> int:
    if not regions:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="prowler-"))
    try:
        found = scan(regions, os.environ, folder)
    except SandboxError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    missing = explanations.read().missing(found)
    print("\n".join(missing))
    print(
        f"{len(found.findings)} findings, {len(found.failing())} failing, "
        f"{len(missing)} of these and of the errors without an explanation: {folder}"
    )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
