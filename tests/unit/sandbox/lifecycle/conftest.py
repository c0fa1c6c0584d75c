"""A sandbox's settings in a folder of the test's own, on loopback; nothing of it reaches another sandbox."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.machine.ports import free_port
from sandbox.settings import Settings


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Claims, locks and the cache of the test lie in its own folder; sockets in a short one."""
    for variable in ("SANDBOX", "SANDBOX_NAME", "SANDBOX_TIER", "SANDBOX_EMULATOR", "TIME_SCALE"):
        monkeypatch.delenv(f"NOTEJAM_{variable}", raising=False)
    monkeypatch.setenv("NOTEJAM_SANDBOX", str(tmp_path / "sandbox"))
    monkeypatch.setenv("NOTEJAM_CACHE", str(tmp_path / "cache"))
    with tempfile.TemporaryDirectory(prefix="unit-") as short:
        monkeypatch.setattr("sandbox.settings.tempfile.tempdir", short)
        yield


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
