"""Prints the roles that a role stands on, in the order of site.yml: those whose outputs its inputs read.

`python molecule/shared/layers.py ROLE`: separated by commas, as `--tags` takes them. What the scenario's
inventory.yml sets needs no layer.
"""

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def layers(role: str) -> list[str]:
    """The names of the roles below `role`, lowest first."""
    below: set[str] = set()
    pending = [(role, scenario_inventory(role))]
    while pending:
        name, given = pending.pop()
        defaults = yaml.safe_load((ROOT / "roles" / name / "defaults/main.yml").read_text()) or {}
        inputs = repr({key: value for key, value in defaults.items() if key not in given})
        for other in set(re.findall(r"\bsite\.(\w+)", inputs)) - below - {role}:
            below.add(other)
            pending.append((other, set()))
    return sorted(below, key=order().index)


def scenario_inventory(role: str) -> set[str]:
    """The variables that the role's scenario sets."""
    path = ROOT / "molecule" / role / "inventory.yml"
    return set(yaml.safe_load(path.read_text())) if path.exists() else set()


def order() -> list[str]:
    """The roles in the order in which site.yml applies them."""
    plays = yaml.safe_load((ROOT / "site.yml").read_text())
    included = [task["ansible.builtin.include_role"] for play in plays for task in play["tasks"]]
    return [role["name"] for role in included if "tasks_from" not in role]


if __name__ == "__main__":
    print(",".join(layers(sys.argv[1])))
