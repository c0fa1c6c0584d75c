"""Which EKS add-ons are installed, kept in `addons/<name>.json` of the sandbox."""

import json
from pathlib import Path
from typing import Any

from sandbox.settings import Settings


def record(settings: Settings, name: str, version: str, configuration: str | None) -> None:
    path = _path(settings, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": version, "configuration": configuration}) + "\n")


def installed(settings: Settings, name: str) -> dict[str, Any] | None:
    """The add-on's version and configuration; None when it is not installed."""
    try:
        found: dict[str, Any] = json.loads(_path(settings, name).read_text())
    except FileNotFoundError:
        return None
    return found


def forget(settings: Settings, name: str) -> None:
    _path(settings, name).unlink(missing_ok=True)


def _path(settings: Settings, name: str) -> Path:
    return settings.folder / "addons" / f"{name}.json"
