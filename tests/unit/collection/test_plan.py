"""Check mode on an empty account: what is not known yet flows on, and nothing is run with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN, holds_unknown
from ansible_collections.notejam.platform.plugins.plugin_utils import plan

from .playbooks import Playbook

THING = {
    "id": UNKNOWN,
    "name": UNKNOWN,
    "network": {"address": UNKNOWN},
    "members": [{"id": UNKNOWN}],
    "zones": [UNKNOWN],
}


@pytest.mark.parametrize(
    ("value", "unknown"),
    [
        (UNKNOWN, True),
        (f"arn:aws:iam::1:role/{UNKNOWN}", True),
        ({"a": [{"b": UNKNOWN}]}, True),
        ({UNKNOWN: 1}, True),
        ({"a": [1, None, "known after all"]}, False),
    ],
)
def test_an_unknown_is_seen_at_any_depth(value: Any, unknown: bool) -> None:
    assert holds_unknown(value) is unknown


def test_a_chain_of_things_is_planned_in_one_pass(tmp_path: Path) -> None:
    first = {"community.aws.thing": {"name": "first"}, "register": "first"}
    second = {
        "community.aws.thing": {"name": "second", "parent_ids": ["{{ first.thing.id }}"]},
        "register": "second",
    }
    third = {
        "community.aws.thing": {
            "name": "third",
            "parent_ids": "{{ second.thing.members | map(attribute='id') }}",
        },
        "loop": "{{ second.thing.zones }}",
        "register": "third",
    }
    made, planned, looped = Playbook(tmp_path, [first, second, third]).results("--check", "--diff")
    assert made["thing"] == THING | {"name": "first"}
    assert made["diff"]["after"] == {"name": "first"}
    assert planned["thing"] == THING
    assert planned["changed"]
    assert planned["diff"]["after"] == {"name": "second", "parent_ids": [UNKNOWN]}
    assert looped["results"][0]["diff"]["after"] == {"name": "third", "parent_ids": [UNKNOWN]}


def test_a_run_predicts_nothing(tmp_path: Path) -> None:
    (result,) = Playbook(tmp_path, [{"community.aws.thing": {"name": "first"}}]).results()
    assert result["thing"] == {"name": "first"}


def test_reading_with_an_unknown_is_no_change(tmp_path: Path) -> None:
    (result,) = Playbook(tmp_path, [{"community.aws.thing_info": {"id": UNKNOWN}}]).results("--check")
    assert not result["changed"]
    assert result["things"] == [{"id": UNKNOWN}]


def test_a_module_without_documented_results_is_a_change_all_the_same(tmp_path: Path) -> None:
    (planned,) = Playbook(tmp_path, [{"community.aws.probe": {"password": UNKNOWN}}]).results("--check")
    assert planned["changed"]


def test_a_deletion_returns_nothing_to_go_on_with(tmp_path: Path) -> None:
    tasks = [
        {"community.aws.thing": {"name": "first", "state": "absent"}},
        {"community.aws.thing": {"name": UNKNOWN, "state": "absent"}},
    ]
    known, unknown = Playbook(tmp_path, tasks).results("--check")
    assert known["thing"] is None
    assert "thing" not in unknown
    assert unknown["changed"]


def test_secrets_are_not_in_the_plan(tmp_path: Path) -> None:
    arguments = {
        "title": UNKNOWN,
        "password": "s3cret-1",
        "parts": [{"name": "part", "token": "s3cret-2"}],
    }
    playbook = Playbook(tmp_path, [{"community.aws.thing": arguments}])
    (result,) = playbook.results("--check", "--diff")
    assert result["diff"]["after"]["title"] == UNKNOWN
    assert result["diff"]["after"]["parts"] == [{"name": "part", "token": plan.HIDDEN}]
    assert "s3cret" not in playbook.output("--check", "--diff", "-vvvv")


def test_a_misspelt_option_fails_the_plan(tmp_path: Path) -> None:
    arguments = {"name": UNKNOWN, "parent_id": "a"}
    task = {"community.aws.thing": arguments, "ignore_errors": True}
    (result,) = Playbook(tmp_path, [task]).results("--check")
    assert result["failed"]
    assert "community.aws.thing has no option parent_id; it has name, parent_ids" in result["msg"]
