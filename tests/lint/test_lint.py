"""Every file of the project passes the linter of its kind, at its strictest profile."""

from __future__ import annotations

import json
import shutil
import sysconfig
from pathlib import Path

import pytest
import yaml

from tests.commands import ROOT, run

LINTERS = {
    "ruff": ("ruff", "check", "."),
    "ruff-format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "yamllint": ("yamllint", "--strict", "."),
    "ansible-lint": ("ansible-lint", "--offline", "--strict", "--profile", "production"),
}


@pytest.mark.parametrize("linter", LINTERS)
def test_lint(linter: str) -> None:
    run(f"lint-{linter}", *LINTERS[linter])


def test_workflows() -> None:
    """GitHub workflows are checked from the day there is one; a missing linter is a failure then."""
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
    if workflows:
        assert shutil.which("actionlint"), "there are workflows, but no actionlint on PATH to check them"
        run("lint-actionlint", "actionlint", *map(str, workflows))


def test_requirements_name_the_locked_collections() -> None:
    """requirements.yml, for those who install from Galaxy, names what the locked environment carries."""
    installed = Path(sysconfig.get_path("purelib")) / "ansible_collections"
    for collection in yaml.safe_load((ROOT / "requirements.yml").read_text())["collections"]:
        manifest = installed / collection["name"].replace(".", "/") / "MANIFEST.json"
        version = json.loads(manifest.read_text())["collection_info"]["version"]
        assert collection["version"] == version, collection["name"]
