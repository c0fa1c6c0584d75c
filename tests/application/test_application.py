"""Notejam's own tests, in the application's own locked environment."""

from __future__ import annotations

from tests.commands import ROOT, environment, run


def test_application() -> None:
    env = environment()
    env.pop("VIRTUAL_ENV", None)
    run("application", "uv", "run", "--frozen", "--directory", ROOT / "app", "pytest", "-q", env=env)
