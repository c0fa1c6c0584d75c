"""Runs small playbooks with the project's ansible.cfg and the modules of fakes/ as community.aws."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.commands import BIN, environment

from .conftest import COLLECTIONS

FAKES = Path(__file__).parent / "fakes"
ROOT = COLLECTIONS.parent


class Playbook:
    """A playbook of one play on the local host."""

    def __init__(self, folder: Path, tasks: list[dict[str, Any]], **play: Any) -> None:
        self.folder = folder
        if tasks:
            modules = folder / "collections/ansible_collections/community/aws/plugins/modules"
            shutil.copytree(FAKES, modules, dirs_exist_ok=True)
        inventory = {"all": {"hosts": {"here": {"ansible_connection": "local"}}}}
        (folder / "hosts.json").write_text(json.dumps(inventory))
        plays = [{"hosts": "here", "gather_facts": False, "tasks": tasks, **play}]
        (folder / "playbook.json").write_text(json.dumps(plays))

    def output(self, *options: str, stock: bool = False, **variables: str) -> str:
        """What ansible-playbook prints; `stock` without this project's action plugins."""
        paths = [str(self.folder / "collections"), str(COLLECTIONS)]
        settings = {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(paths),
            **({"ANSIBLE_ACTION_PLUGINS": str(self.folder)} if stock else {}),
            **variables,
        }
        command = [BIN / "ansible-playbook", "-i", "hosts.json", "playbook.json", *options]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment(**settings),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        ).stdout

    def results(self, *options: str, stock: bool = False) -> list[dict[str, Any]]:
        """Each task's result."""
        printed = self.output(*options, stock=stock, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
        tasks = json.loads(printed)["plays"][0]["tasks"]
        return [task["hosts"]["here"] for task in tasks]
