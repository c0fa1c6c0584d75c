"""Each role alone: its molecule scenario, in the order of site.yml, against one rehearsal cloud."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from tests.commands import BIN, ROOT, run
from tests.conftest import sandbox


def roles() -> list[str]:
    """The roles that site.yml applies, in its order."""
    plays = yaml.safe_load((ROOT / "site.yml").read_text())
    return [tag for play in plays for task in play["tasks"] for tag in task["tags"]]


@pytest.mark.parametrize("role", roles())
def test_molecule(role: str, services: dict[str, str]) -> None:
    with ThreadPoolExecutor() as side:
        if role == "notejam":  # CI builds and pushes the release, once its repository is there
            pushed = side.submit(sandbox, "image", "push", layer="image")
        run(f"molecule-{role}", BIN / "molecule", "test", "--scenario-name", role, env=services)
        if role == "notejam":
            pushed.result()
