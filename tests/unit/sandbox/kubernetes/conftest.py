"""A sandbox that no process belongs to, and what its Kubernetes would ask of supervisord."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.kubernetes.node import Node
from sandbox.processes import Program
from sandbox.settings import Settings


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTEJAM_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "sandbox"
    for name in ("tools", "logs"):
        (folder / name).mkdir(parents=True)
    return Settings(
        name="unit",
        folder=folder,
        index=5,
        tier="node",
        notejam_port=8000,
        access_key_id="AKIAUNIT",
        secret_access_key="the-secret-key",
        git_token="the-git-token",
    )


@pytest.fixture
def make_node(settings: Settings) -> Callable[..., Node]:
    """A node of the sandbox, with changes."""

    def make(**changes: object) -> Node:
        values: dict[str, object] = {
            "name": "ip-10-0-1-23.eu-west-1.compute.internal",
            "number": 0,
            "zone": "eu-west-1a",
            "instance_type": "m7i.large",
            "labels": {"eks.amazonaws.com/nodegroup": "system"},
            "taints": [],
            "instance_id": "i-0123456789abcdef0",
        }
        return Node(settings=settings, **{**values, **changes})  # type: ignore[arg-type]

    return make


class RecordedProcesses:
    """Takes the place of supervisord: remembers what was started and stopped, in order."""

    def __init__(self) -> None:
        self.running: dict[str, Program] = {}
        self.stopped: list[str] = []

    def ensure(self, program: Program) -> bool:
        new = self.running.get(program.name) != program
        self.running[program.name] = program
        return new

    def remove(self, name: str) -> None:
        self.running.pop(name, None)
        self.stopped.append(name)


@pytest.fixture
def processes() -> RecordedProcesses:
    return RecordedProcesses()
