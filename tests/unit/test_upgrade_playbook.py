"""playbooks/upgrade_cluster.yml: which site comes when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

ROOT = Path(__file__).resolve().parents[2]


def play() -> dict[str, Any]:
    (found,) = yaml.safe_load((ROOT / "playbooks/upgrade_cluster.yml").read_text())
    return dict(found)


def test_the_standby_is_upgraded_before_the_primary_and_alone() -> None:
    inventory = InventoryManager(DataLoader(), sources=[str(ROOT / "inventories/prod")])
    hosts = inventory.get_hosts(play()["hosts"], order=play().get("order"))
    groups = [name for host in hosts for group in host.get_groups() if (name := group.name) != "all"]
    assert groups == ["standby", "primary"]
    assert play()["serial"] == 1
    assert play()["any_errors_fatal"]


def test_the_same_regions_are_asked_as_by_site_yml() -> None:
    (site,) = yaml.safe_load((ROOT / "site.yml").read_text())
    assert play()["module_defaults"].items() <= site["module_defaults"].items()
