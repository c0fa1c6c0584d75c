"""Notejam's own tests, in the application's own locked environment."""

from __future__ import annotations

import os

from tests.commands import ROOT, environment, run


def application(layer: str, *command: str) -> None:
    """Run a command in the application's environment."""
    env = environment()
    env.pop("VIRTUAL_ENV", None)  # uv would take this environment for the application's
    uv = os.environ.get("UV", "uv")
    run(layer, uv, "run", "--frozen", "--directory", ROOT / "app", *command, env=env)


def test_application() -> None:
    """Its own tests pass, on SQLite and on PostgreSQL."""
    application("application", "python", "-m", "tests", "-q")


def test_lint() -> None:
    """Its own rules hold, which are Django's and not the platform's."""
    application("lint-application", "ruff", "check", ".")
    application("lint-application", "ruff", "format", "--check", ".")
