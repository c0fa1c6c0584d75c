"""Every role has the same shape, and its specification says what its defaults are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
# What every role may rely on comes from the inventory, and enters through its defaults.
WORDS_OF_THE_SANDBOX = ("sandbox", "moto", "localhost", "127.0.0.1", "ansible_check_mode")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def included() -> list[dict[str, Any]]:
    """The tasks of site.yml that include a role."""
    return [task for play in load(ROOT / "site.yml") for task in play["tasks"]]


@pytest.mark.parametrize("role", ROLES)
class TestRole:
    def test_has_every_part(self, role: str) -> None:
        parts = [
            "README.md",
            "defaults/main.yml",
            "meta/main.yml",
            "meta/argument_specs.yml",
            "tasks/main.yml",
        ]
        assert [part for part in parts if not (ROOT / "roles" / role / part).is_file()] == []

    def test_specification_has_the_defaults(self, role: str) -> None:
        defaults = load(ROOT / "roles" / role / "defaults/main.yml") or {}
        options = load(ROOT / "roles" / role / "meta/argument_specs.yml")["argument_specs"]["main"].get(
            "options", {}
        )
        assert {
            name: option.get("default") for name, option in options.items() if not option.get("required")
        } == defaults

    def test_every_option_is_described_and_is_the_roles_own(self, role: str) -> None:
        main = load(ROOT / "roles" / role / "meta/argument_specs.yml")["argument_specs"]["main"]
        assert main["short_description"]
        for name, option in main.get("options", {}).items():
            assert name.startswith(f"{role}_"), name
            assert option["description"], name
            assert option["type"], name

    def test_reads_as_a_table_of_contents(self, role: str) -> None:
        tasks = load(ROOT / "roles" / role / "tasks/main.yml")
        assert len(tasks) <= 10
        assert all(task["name"] for task in tasks)

    def test_knows_no_sandbox(self, role: str) -> None:
        for path in (ROOT / "roles" / role).rglob("*"):
            if path.is_file():
                found = [word for word in WORDS_OF_THE_SANDBOX if word in path.read_text()]
                assert found == [], path.relative_to(ROOT)


def test_each_role_of_the_site_runs_alone_by_its_own_name() -> None:
    for task in included():
        role = task["ansible.builtin.include_role"]
        assert task["tags"] == role["apply"]["tags"]
        assert task["tags"] in ([role["name"]], [role["name"], "load_balancer"])


def test_each_role_of_the_site_is_there_with_a_scenario() -> None:
    roles = [task["ansible.builtin.include_role"] for task in included()]
    names = [role["name"] for role in roles]
    phases = [(role["name"], role.get("tasks_from", "main")) for role in roles]
    assert len(set(phases)) == len(phases)
    assert [name for name in names if name not in ROLES] == []
    checks = ("verify.yml", "built")
    assert [
        name for name in names if not any((ROOT / "molecule" / name / check).exists() for check in checks)
    ] == []


def test_each_scenario_checks_what_it_built() -> None:
    """Molecule only warns of a step whose playbook is missing."""
    for scenario in sorted((ROOT / "molecule").glob("*/molecule.yml")):
        folder = scenario.parent
        if (folder / "built").is_dir():
            parts = ("built", "drift.py", "changed/inventory.yml")
            assert [part for part in parts if not (folder / part).exists()] == [], folder.name
            own = load(scenario)
            assert "scenario" not in own, f"{folder.name} has the steps of every scenario"
            assert (folder / "inventory.yml").exists() == ("inventory.yml" in scenario.read_text()), (
                folder.name
            )
        else:
            assert (folder / "verify.yml").is_file(), folder.name


def test_the_site_is_destroyed_in_the_reverse_of_its_order() -> None:
    built = [
        role["name"]
        for role in (task["ansible.builtin.include_role"] for task in included())
        if "tasks_from" not in role
    ]
    [play] = [play for play in load(ROOT / "playbooks/destroy.yml") if "serial" in play]
    [block] = [task["block"] for task in play["tasks"] if "block" in task]
    roles = [task["ansible.builtin.include_role"] for task in block if "ansible.builtin.include_role" in task]
    assert {role["tasks_from"] for role in roles} == {"destroy"}
    assert [role["name"] for role in roles] == built[::-1]
    assert [name for name in built if not (ROOT / "roles" / name / "tasks/destroy.yml").is_file()] == []
