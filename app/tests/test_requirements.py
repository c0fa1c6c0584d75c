"""What the image installs is what uv.lock pins."""

import os
import subprocess
import sys
from pathlib import Path

APP = Path(__file__).parent.parent


def test_requirements_are_the_locked_ones() -> None:
    uv = os.environ.get("UV", "uv")  # `uv run` names itself
    export = [uv, "export", "--quiet", "--locked", "--no-dev", "--no-annotate", "--python", sys.executable]
    locked = subprocess.run(export, cwd=APP, capture_output=True, text=True, check=True).stdout

    def pinned(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("#")]

    assert pinned((APP / "requirements.txt").read_text()) == pinned(locked), (
        "run: uv export --no-dev --no-annotate --output-file requirements.txt"
    )
