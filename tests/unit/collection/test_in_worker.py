"""A module that runs in Ansible's worker ends as in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .playbooks import Playbook

# What differs between two runs of the same module in any case.
OF_THE_RUN = {"pid", "parent", "temporary"}


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key not in OF_THE_RUN}


def test_the_result_is_that_of_a_process_of_its_own(tmp_path: Path) -> None:
    tasks = [
        {
            "community.aws.probe": {"end": end, "password": "s3cret"},
            "environment": {"PROBE": "set"},
            "ignore_errors": True,
        }
        for end in ("result", "message", "exception", "exit", "junk")
    ]
    playbook = Playbook(tmp_path, tasks)
    ours, stock = playbook.results(), playbook.results(stock=True)
    assert [comparable(result) for result in ours] == [comparable(result) for result in stock]
    assert [bool(result.get("failed")) for result in ours] == [False, True, True, True, True]
    assert "s3cret" not in repr(ours)


def test_it_runs_in_the_worker_of_the_task(tmp_path: Path) -> None:
    playbook = Playbook(tmp_path, [{"community.aws.probe": {}, "loop": [1, 2]}])
    (ours,), (stock,) = playbook.results(), playbook.results(stock=True)
    assert len({item["pid"] for item in ours["results"]}) == 1
    assert len({item["pid"] for item in stock["results"]}) == 2


def test_a_module_leaves_nothing_to_the_next_item(tmp_path: Path) -> None:
    playbook = Playbook(tmp_path, [{"community.aws.probe": {}, "loop": [1, 2]}])
    (result,) = playbook.results()
    for item in result["results"]:
        assert item["left"] is None
        assert item["directory"] == str(tmp_path)
        assert not Path(item["temporary"]).exists()


def test_what_is_not_the_same_here_takes_ansibles_own_way(tmp_path: Path) -> None:
    tasks: list[dict[str, Any]] = [
        {"vars": {"ansible_python_interpreter": "/usr/bin/env python3"}},
        {"async": 30, "poll": 1},
        {"become": True, "vars": {"ansible_become_exe": "env"}},
    ]
    probes = [{"community.aws.probe": {}, "ignore_errors": True, **keywords} for keywords in tasks]
    assert "in this worker" not in Playbook(tmp_path, probes).output("-vvv")


def test_verbose_output_shows_the_invocation_without_secrets(tmp_path: Path) -> None:
    shown = {"name": "shown", "community.aws.probe": {"password": "s3cret"}}
    hidden = {"name": "hidden", "community.aws.probe": {}, "no_log": True}
    before, after = Playbook(tmp_path, [shown, hidden]).output("-vvvv").split("TASK [hidden]")
    assert "in this worker" in before
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in before
    assert "s3cret" not in before
    assert "temporary:" not in after
    assert "censored" in after


def test_a_task_timeout_ends_the_module(tmp_path: Path) -> None:
    sleeping = {"community.aws.sleeper": {}, "timeout": 1, "ignore_errors": True}
    playbook = Playbook(tmp_path, [sleeping])
    (result,) = playbook.results()
    assert result["failed"]
    assert "Timed out after 1 second" in result["msg"]
