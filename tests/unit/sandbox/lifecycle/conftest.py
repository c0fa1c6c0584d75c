"""A sandbox's settings in a folder of the test's own, on loopback; nothing of it reaches another sandbox."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.machine.ports import free_port
from sandbox.settings import Settings


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims, locks, sockets and the cache of the test lie in its own folder."""
    for variable in ("SANDBOX", "SANDBOX_NAME", "SANDBOX_TIER", "SANDBOX_EMULATOR", "TIME_SCALE"):
        monkeypatch.delenv(f"NOTEJAM_{variable}", raising=False)
    monkeypatch.setenv("NOTEJAM_SANDBOX", str(tmp_path / "sandbox"))
    monkeypatch.setenv("NOTEJAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sandbox.settings.tempfile.tempdir", str(tmp_path))


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of the test's sandbox, with changes."""

    def make(**changes: object) -> Settings:
        values = {
            "name": "unit",
            "folder": tmp_path / "sandbox",
            "index": 7,
            "tier": "virtual",
            "notejam_port": free_port(18080),
            "access_key_id": "AKIAEXAMPLE",
            "secret_access_key": "the-secret-key",
            "git_token": "the-git-token",
        }
        return Settings(**{**values, **changes})

    return make
