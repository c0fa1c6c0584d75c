"""Django's key: what runs, and what it signed, is still accepted over a rotation."""

from __future__ import annotations

from typing import Any

import pytest
from django_key import DjangoKey
from rotation_steps import rotate

from .fake_secrets_manager import SecretsManager

FIRST = "k" * 64


@pytest.fixture
def manager() -> SecretsManager:
    return SecretsManager(django={"secret_key": FIRST})


def turn(manager: SecretsManager, kept: int = 2) -> dict[str, Any]:
    """The secret's value after one rotation more."""
    version = manager.begin("django")
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        event = {"Step": step, "SecretId": "django", "ClientRequestToken": version}
        rotate(event, manager, DjangoKey(kept))
    return manager.value("django")


def accepted(value: dict[str, Any]) -> set[str]:
    return {value["secret_key"], *value["fallbacks"]}


def test_the_first_rotation_announces_the_next_key_only(manager: SecretsManager) -> None:
    value = turn(manager)
    assert value["secret_key"] == FIRST
    [following] = value["fallbacks"]
    assert len(following) == 64
    assert following != FIRST


def test_old_and_new_pods_accept_each_others_signatures(manager: SecretsManager) -> None:
    before = turn(manager)
    for _ in range(4):
        after = turn(manager)
        assert after["secret_key"] != before["secret_key"]
        assert after["secret_key"] in accepted(before)
        assert before["secret_key"] in accepted(after)
        before = after


def test_a_signature_outlives_as_many_rotations_as_keys_are_kept(manager: SecretsManager) -> None:
    turn(manager)
    assert [FIRST in accepted(turn(manager)) for _ in range(4)] == [True, True, False, False]
    assert len(accepted(manager.value("django"))) == 4


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"secret_key": "short", "fallbacks": ["n" * 64]}, "less than 50"),
        ({"secret_key": FIRST, "fallbacks": [FIRST]}, "twice"),
    ],
)
def test_keys_that_do_not_serve_are_refused(value: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        DjangoKey(2).test(value, None)
    assert FIRST not in str(refused.value)
