"""Prints in what the environments differ, as the table that docs/environments.md holds:

python inventories/table.py > docs/environments.md
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

INVENTORIES = Path(__file__).resolve().parent
ROLES = INVENTORIES.parent / "roles"
ENVIRONMENTS = ("dev", "test", "prod")
HEAD = """\
# What differs between the environments
Everything else is alike. A value is set in `inventories/<environment>/group_vars/all/<role>.yml`; where a
cell is empty, the role's default holds. Printed by `python inventories/table.py`; a test compares the two.
"""


def load(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text()) or {}


def choices(environment: str) -> dict[str, Any]:
    """The variables that an environment sets, in the order of their names."""
    files = sorted((INVENTORIES / environment / "group_vars/all").glob("*.yml"))
    found = {name: value for path in files if not path.is_symlink() for name, value in load(path).items()}
    return dict(sorted(found.items()))


def sites(environment: str) -> str:
    """The regions of the environment's sites, each with what it is for and what is its own."""
    texts = []
    for group, content in load(INVENTORIES / environment / "hosts.yml").items():
        for variables in ((content or {}).get("hosts") or {}).values():
            own = {name: value for name, value in variables.items() if name != "platform_region"}
            texts.append(f"{variables['platform_region']} ({', '.join([group, *map(told, own.items())])})")
    return "<br>".join(texts)


def told(item: tuple[str, Any]) -> str:
    return f"`{item[0]}`: {shown(item[1])}"


def default(name: str) -> Any:
    """The default of a role's variable; None when it is the platform's, or has none."""
    for path in ROLES.glob("*/defaults/main.yml"):
        if name in (values := load(path)):
            return values[name]
    return None


def shown(value: Any) -> str:
    """A value in one line, as YAML writes it."""
    if value is None:
        return ""
    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf")).removesuffix("...\n").strip()
    return f"`{text.replace('|', '&#124;')}`"


def table() -> str:
    """The page."""
    chosen = {environment: choices(environment) for environment in ENVIRONMENTS}
    rows = [["", "default", *ENVIRONMENTS], ["---"] * (2 + len(ENVIRONMENTS))]
    rows.append(["sites", "", *map(sites, ENVIRONMENTS)])
    for name in sorted(set().union(*chosen.values())):
        cells = [shown(chosen[environment].get(name)) for environment in ENVIRONMENTS]
        rows.append([f"`{name}`", shown(default(name)), *cells])
    return HEAD + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    print(table(), end="")
