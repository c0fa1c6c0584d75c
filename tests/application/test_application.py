"""Notejam's own tests, in the application's own locked environment."""

from __future__ import annotations

import os

from tests.commands import ROOT, environment, run


def test_application() -> None:
    env = environment()
    env.pop("VIRTUAL_ENV", None)  # uv would take this environment for the application's
    run(
        "application",
        os.environ.get("UV", "uv"),
        "run",
        "--frozen",
        "--directory",
        ROOT / "app",
        "python",
        "-m",
        "tests",
        "-q",
        env=env,
    )
