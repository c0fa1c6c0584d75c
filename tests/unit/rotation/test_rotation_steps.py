"""The steps of a rotation: repeatable, refused where they do not belong, and silent about values."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from rotation_steps import rotate

from .fake_secrets_manager import SecretsManager

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Counter:
    """A secret whose next value is one more."""

    def __init__(self) -> None:
        self.in_force: list[int] = []
        self.tried: list[int] = []

    def create(self, current: dict[str, Any], secrets_manager: Any) -> dict[str, Any]:
        return {"password": current["password"] + 1}

    def set(self, pending: dict[str, Any], secrets_manager: Any) -> None:
        self.in_force.append(pending["password"])

    def test(self, pending: dict[str, Any], secrets_manager: Any) -> None:
        self.tried.append(pending["password"])


@pytest.fixture
def manager() -> SecretsManager:
    return SecretsManager(counter={"password": 41000})


def step(manager: SecretsManager, kind: Counter, name: str, version: str) -> None:
    rotate({"Step": name, "SecretId": "counter", "ClientRequestToken": version}, manager, kind)


def test_the_four_steps_make_the_new_value_current(manager: SecretsManager) -> None:
    kind, version = Counter(), manager.begin("counter")
    for name in STEPS:
        step(manager, kind, name, version)
    assert (kind.in_force, kind.tried) == ([41001], [41001])
    assert manager.value("counter") == {"password": 41001}
    assert manager.value("counter", "AWSPREVIOUS") == {"password": 41000}


@pytest.mark.parametrize("done", range(len(STEPS) + 1))
def test_a_crash_after_any_step_is_made_good_by_all_of_them_again(manager: SecretsManager, done: int) -> None:
    kind, version = Counter(), manager.begin("counter")
    for name in (*STEPS[:done], *STEPS):
        step(manager, kind, name, version)
    assert set(kind.in_force) == {41001}
    assert manager.value("counter") == {"password": 41001}
    assert manager.log.count("PutSecretValue") == manager.log.count("UpdateSecretVersionStage") == 1


def test_a_rotation_that_was_given_up_is_followed_by_another(manager: SecretsManager) -> None:
    kind, given_up = Counter(), manager.begin("counter")
    step(manager, kind, "createSecret", given_up)
    version = manager.begin("counter")
    for name in STEPS:
        step(manager, kind, name, version)
    assert manager.value("counter") == {"password": 41001}
    assert manager.labels["counter"]["AWSCURRENT"] == version


def test_a_test_that_fails_leaves_the_current_value(manager: SecretsManager) -> None:
    class Broken(Counter):
        def test(self, pending: dict[str, Any], secrets_manager: Any) -> None:
            raise ConnectionError

    version = manager.begin("counter")
    for name in STEPS[:2]:
        step(manager, Broken(), name, version)
    with pytest.raises(ConnectionError):
        step(manager, Broken(), "testSecret", version)
    assert manager.value("counter") == {"password": 41000}


@pytest.mark.parametrize(
    ("name", "version", "told"),
    [
        ("createSecret", "unknown", "has no version unknown"),
        ("createSecret", "stale", "is not AWSPENDING"),
        ("mendSecret", "version-2", "There is no step mendSecret"),
    ],
)
def test_what_is_no_rotation_is_refused(manager: SecretsManager, name: str, version: str, told: str) -> None:
    manager.versions["counter"]["stale"] = None
    manager.begin("counter")
    with pytest.raises(ValueError, match=told):
        step(manager, Counter(), name, version)
    assert "PutSecretValue" not in manager.log


def test_no_value_is_logged(manager: SecretsManager, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    version = manager.begin("counter")
    for name in STEPS:
        step(manager, Counter(), name, version)
    assert "finishSecret" in caplog.text
    assert "4100" not in caplog.text
