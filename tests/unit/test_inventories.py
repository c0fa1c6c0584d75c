"""The inventories: sites as hosts, named for their environment and region, and nothing written twice."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

ROOT = Path(__file__).resolve().parents[2]
INVENTORIES = ROOT / "inventories"
ENVIRONMENTS = ["dev", "prod", "sandbox", "test"]


def sites(environment: str) -> dict[str, dict[str, Any]]:
    """The variables of each site, with its groups as `group_names`."""
    loader = DataLoader()
    inventory = InventoryManager(loader, sources=[str(INVENTORIES / environment)])
    variables = VariableManager(loader, inventory)
    return {host.name: variables.get_vars(host=host) for host in inventory.get_hosts()}


def defaults(role: str) -> dict[str, Any]:
    """The role's defaults; an input that every inventory must give has none."""
    return dict(yaml.safe_load((ROOT / "roles" / role / "defaults/main.yml").read_text()))


def test_every_environment_is_there() -> None:
    assert sorted(path.name for path in INVENTORIES.iterdir() if path.is_dir()) == ENVIRONMENTS


@pytest.mark.parametrize("environment", ENVIRONMENTS)
class TestEnvironment:
    def test_one_site_is_primary_and_each_other_stands_by(self, environment: str) -> None:
        groups = sorted(name for site in sites(environment).values() for name in site["group_names"])
        assert groups in (["primary"], ["primary", "standby"])

    def test_a_site_is_named_for_its_environment_and_region(self, environment: str) -> None:
        for name, site in sites(environment).items():
            assert site["platform_environment"] == environment
            assert name == f"{environment}_{site['platform_region'].replace('-', '_')}"

    def test_what_is_derived_is_written_once(self, environment: str) -> None:
        link = INVENTORIES / environment / "group_vars/all/platform.yml"
        assert link.is_symlink()
        assert link.resolve() == INVENTORIES / "platform.yml"

    def test_an_inventory_repeats_no_default(self, environment: str) -> None:
        for path in (INVENTORIES / environment / "group_vars/all").glob("*.yml"):
            if path.stem in ("environment", "platform"):
                continue
            for name, value in yaml.safe_load(path.read_text()).items():
                assert name.startswith((f"{path.stem}_", "platform_")), (
                    f"{path.relative_to(ROOT)} holds {name}"
                )
                # An empty value is a place for the user to fill.
                if value != "":
                    assert value != defaults(path.stem).get(name), f"{path.relative_to(ROOT)} repeats {name}"

    def test_the_networks_of_an_environments_sites_do_not_overlap(self, environment: str) -> None:
        ranges = [
            IPv4Network(site.get("network_vpc_cidr", defaults("network")["network_vpc_cidr"]))
            for site in sites(environment).values()
        ]
        assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


def test_the_table_of_the_environments_is_what_the_inventories_say() -> None:
    printed = subprocess.run(
        [sys.executable, INVENTORIES / "table.py"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    assert (ROOT / "docs/environments.md").read_text() == printed, (
        "run: python inventories/table.py > docs/environments.md"
    )
