"""What the callback loads, and for which tasks."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from ansible_collections.notejam.platform.plugins.callback import preload


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[tuple[int, int, int]]:
    """How seldom Python looked for garbage before, and does so again after the test."""
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been loaded, in order."""
    calls: list[str] = []
    monkeypatch.setattr(preload, "preload_aws", lambda: calls.append("aws"))
    monkeypatch.setattr(preload, "preload_kubernetes", lambda: calls.append("kubernetes"))
    return calls


def start(callback: preload.CallbackModule, *actions: str) -> None:
    for action in actions:
        callback.v2_playbook_on_task_start(SimpleNamespace(resolved_action=action, action=action), False)


def test_a_play_of_other_tasks_loads_nothing(loaded: list[str]) -> None:
    start(preload.CallbackModule(), "ansible.builtin.debug", "ansible.builtin.command")
    assert loaded == []


def test_each_library_is_loaded_once_at_its_first_task(loaded: list[str]) -> None:
    start(preload.CallbackModule(), "notejam.platform.kms_key", "amazon.aws.iam_role")
    assert loaded == ["aws"]
    start(preload.CallbackModule(), "notejam.platform.kubernetes_apply", "kubernetes.core.k8s_info")
    assert loaded == ["aws", "kubernetes"]


def test_a_missing_library_is_the_modules_to_tell_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ImportError("No module named 'boto3'")

    monkeypatch.setattr(preload, "preload_aws", missing)
    start(preload.CallbackModule(), "amazon.aws.aws_caller_info")


def test_workers_look_for_garbage_less_often(thresholds: tuple[int, int, int]) -> None:
    preload.CallbackModule()
    assert gc.get_threshold()[0] > thresholds[0]
    assert gc.get_threshold()[1:] == thresholds[1:]
