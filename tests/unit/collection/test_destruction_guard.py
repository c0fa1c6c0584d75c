"""Requests to destroy that are refused before anything is done, with what is wrong and where it is set."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.notejam.platform.plugins.action.destruction_guard import ActionModule

from tests.commands import BIN, environment

from .conftest import COLLECTIONS

ROOT = COLLECTIONS.parent
LOADER = DataLoader()
BEGIN = "Nothing is destroyed; nothing was changed:\n  - "


def guard(
    *inventories: str | Path, typed: str = "", check_mode: bool = False, **variables: Any
) -> dict[str, Any]:
    """What the guard returns for the first site of the inventories, in this process."""
    manager = InventoryManager(LOADER, sources=[str(ROOT / each) for each in inventories])
    found = VariableManager(LOADER, manager)
    HostVars(manager, found, LOADER)
    host = manager.get_groups_dict()["primary"][0]
    site = {**found.get_vars(host=manager.get_host(host)), **variables}
    # What a playbook has of them.
    site["ansible_inventory_sources"] = [str(ROOT / each) for each in inventories]
    site["groups"] = manager.get_groups_dict()
    options = {"roles": str(ROOT / "roles"), "environment": typed}
    action = ActionModule(
        task=Task.load({"notejam.platform.destruction_guard": options, "args": options}),
        connection=connection_loader.get("ansible.builtin.local", PlayContext()),
        play_context=PlayContext(),
        loader=LOADER,
        templar=Templar(LOADER, variables=site),
        shared_loader_obj=None,
    )
    action._task.check_mode = check_mode
    result: dict[str, Any] = action.run(task_vars=site)
    return result


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def refusals(*inventories: str | Path, **options: Any) -> list[str]:
    result = guard(*inventories, **options)
    assert result["failed"]
    assert result["msg"].startswith(BEGIN)
    return str(result["msg"]).removeprefix(BEGIN).split("\n  - ")


def line(path: str, name: str) -> str:
    """Where a variable is set, as messages tell it."""
    lines = (ROOT / path).read_text().splitlines()
    [number] = [number for number, text in enumerate(lines, 1) if text.startswith(f"{name}:")]
    return f"{path}:{number}"


def by_default(role: str) -> str:
    """What is said of a role's own default."""
    variable = f"{role}_deletion_protection"
    return (
        f"{variable} ({line(f'roles/{role}/defaults/main.yml', variable)}) is true, so the {role} is "
        "protected from deletion. Set it to false in the inventory, apply that (site.yml --tags "
        f"{role}), and destroy the environment then."
    )


def test_an_environment_that_is_meant_and_not_protected_may_go() -> None:
    assert "failed" not in guard("inventories/dev", typed="dev")


def test_a_protected_environment_whose_name_was_not_typed() -> None:
    assert refusals("inventories/prod") == [
        "No environment was named. Type its name when you are asked for it, or give it by "
        "-e destroy_environment=prod.",
        by_default("cluster"),
        by_default("database"),
    ]


def test_a_protected_database_alone() -> None:
    told = refusals("inventories/prod", typed="prod", cluster_deletion_protection="no")
    assert told == [by_default("database")]


def test_a_protected_cluster_alone() -> None:
    told = refusals("inventories/prod", typed="prod", database_deletion_protection=False)
    assert told == [by_default("cluster")]


@pytest.mark.parametrize("typed", ["Dev", "dev ", "development", "notejam-dev", "prod"])
def test_a_name_that_is_not_typed_exactly(typed: str) -> None:
    where = line("inventories/dev/group_vars/all/environment.yml", "platform_environment")
    assert refusals("inventories/dev", typed=typed) == [
        f"destroy_environment is {typed!r}, but this inventory is that of dev ({where}). "
        "Type dev if you mean that."
    ]


def test_protection_in_the_inventory_is_told_with_its_own_line(tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(
        "primary:\n  hosts:\n    dev_eu_west_1:\n      platform_environment: dev\n"
        "      cluster_deletion_protection: false\n      database_deletion_protection: true\n"
    )
    [refusal] = refusals(inventory, typed="dev")
    assert refusal.startswith("database_deletion_protection (")
    assert "hosts.yml:6) is true" in refusal


def test_more_than_one_inventory() -> None:
    assert refusals("inventories/dev", "inventories/test", typed="test") == [
        "2 inventories were given (inventories/dev, inventories/test), whose variables are mixed. "
        "One environment is destroyed at a time: give one -i."
    ]


def test_more_than_one_environment_in_an_inventory(tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("primary:\n  hosts:\n    dev_eu_west_1:\n    test_eu_west_1:\n")
    [refusal] = refusals(inventory, typed="dev", platform_environment="dev")
    assert "has 2 sites (dev_eu_west_1, test_eu_west_1)" in refusal
    assert "One environment is destroyed at a time" in refusal


def test_a_plan_only_warns_of_a_missing_name_and_of_protection() -> None:
    planned = guard("inventories/prod", check_mode=True)
    assert "failed" not in planned
    assert planned["warnings"][1:] == [by_default("cluster"), by_default("database")]


def test_a_plan_of_two_environments_is_refused() -> None:
    assert "failed" in guard("inventories/dev", "inventories/test", check_mode=True)


def test_the_playbook_stops_there_when_nobody_is_asked() -> None:
    """Without a terminal; AWS is not asked, or the run would end with its refusal."""
    run = subprocess.run(
        [BIN / "ansible-playbook", "playbooks/destroy.yml", "-i", "inventories/prod"],
        cwd=ROOT,
        env=environment(AWS_ENDPOINT_URL="http://127.0.0.1:9"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "No environment was named" in run.stdout
    assert "Refuse to destroy" in run.stdout
    assert "TASK [preflight" not in run.stdout
    assert run.stdout.count("changed=0") >= 1
