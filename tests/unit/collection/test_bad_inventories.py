"""Bad inventories, each refused before AWS is asked, with the variable's name and where it was set."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.notejam.platform.plugins.action.preflight import ActionModule

from tests.commands import BIN, environment

from .conftest import COLLECTIONS

ROOT = COLLECTIONS.parent
TABLES = Path(__file__).parent / "bad_inventories"
CASES = [
    case for table in ("alone", "together") for case in yaml.safe_load((TABLES / f"{table}.yml").read_text())
]
BAD = Path("prod/group_vars/all/zz_bad.yml")
DENIED = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>No</Message></Error></ErrorResponse>"
# Reads each file of the roles once.
LOADER = DataLoader()
# Yours to set, in every environment's inventory.
PLACEHOLDERS = {"platform_account_id"}


class Endpoint(ThreadingHTTPServer):
    """Takes the calls of AWS's SDK, remembers them and refuses each."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        super().__init__(("127.0.0.1", 0), Refusing)


class Refusing(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        self.server.calls.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(403)
        self.end_headers()
        self.wfile.write(DENIED)

    def log_message(self, *_args: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """An AWS that records the calls, and credentials for it."""
    endpoint = Endpoint()
    Thread(target=endpoint.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{endpoint.server_port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    yield endpoint
    endpoint.shutdown()
    endpoint.server_close()


def copy_of_prod(folder: Path, case: dict[str, Any]) -> Path:
    """inventories/prod with an account, and with what is bad in a file of its own; the path of that file."""
    shutil.copytree(ROOT / "inventories/prod", folder / "prod", symlinks=False)
    inventory = folder / "prod/group_vars/all/environment.yml"
    inventory.write_text(inventory.read_text().replace("000000000000", "123456789012"))
    variables = dict(case.get("variables", {}))
    if case.get("everywhere"):
        # A host's own value is stronger than its group's.
        hosts = {"primary": {"hosts": {"prod_eu_west_1": variables}}}
        (folder / "prod/hosts.yml").write_text(yaml.safe_dump(hosts))
        return Path("prod/hosts.yml")
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in variables.items()]
    (folder / BAD).write_text("".join(lines) or "{}")
    if "hosts" in case:
        (folder / "prod/hosts.yml").write_text(yaml.safe_dump(case["hosts"], sort_keys=False))
        return Path("prod/hosts.yml")
    return BAD


def preflight(inventory: Path, site: str) -> str:
    """What the preflight says of a site, in this process."""
    loader = LOADER
    manager = InventoryManager(loader, sources=[str(inventory)])
    variables = VariableManager(loader, manager)
    HostVars(manager, variables, loader)
    host = manager.get_host(site)
    of_play = {
        "role_path": str(ROOT / "roles/preflight"),
        "playbook_dir": str(ROOT),
        "ansible_play_hosts_all": [found.name for found in manager.get_hosts()],
    }
    site_variables = {**variables.get_vars(host=host), **of_play}
    options = {
        "roles": str(ROOT / "roles"),
        "python": "3",
        "libraries": {},
        "programs": [],
        "collections": [],
    }
    action = ActionModule(
        task=Task.load({"notejam.platform.preflight": options, "args": options}),
        connection=connection_loader.get("ansible.builtin.local", PlayContext()),
        play_context=PlayContext(),
        loader=loader,
        templar=Templar(loader, variables=site_variables),
        shared_loader_obj=None,
    )
    return str(action.run(task_vars=site_variables).get("msg", ""))


def expected(case: dict[str, Any], folder: Path, file: Path) -> tuple[str, str, str]:
    """The variable, its place as `file:line`, and the text to find."""
    name, phrase = case["told"]
    lines = (folder / file).read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.lstrip().startswith(f"{name}:"))
    return name, f"{file}:{line}", phrase.format(file=file, roles=os.path.relpath(ROOT / "roles", folder))


def assert_told(printed: str, name: str, place: str, phrase: str) -> None:
    """One of the lines names all three."""
    told = [line for line in printed.splitlines() if line.lstrip().startswith("- ")]
    assert any(re.search(rf"\b{name}\b.*\({place}\)", line) and phrase in line for line in told), printed


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_bad_inventory_is_refused_with_its_place_and_without_aws(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws: Endpoint
) -> None:
    file = copy_of_prod(tmp_path, case)
    monkeypatch.chdir(tmp_path)
    told = preflight(tmp_path / "prod", "prod_eu_west_1")
    assert_told(told, *expected(case, tmp_path, file))
    assert aws.calls == []


def test_aws_is_asked_about_a_good_inventory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws: Endpoint
) -> None:
    copy_of_prod(tmp_path, {})
    monkeypatch.chdir(tmp_path)
    told = preflight(tmp_path / "prod", "prod_eu_west_1")
    assert "One thing stands against" in told
    assert "AWS" in told
    assert "Action=GetCallerIdentity" in aws.calls[0]


@pytest.mark.parametrize("environment", ["dev", "prod", "sandbox", "test"])
@pytest.mark.usefixtures("aws")
def test_the_inventories_are_good_but_for_placeholders(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    inventory = ROOT / "inventories" / environment
    manager = InventoryManager(LOADER, sources=[str(inventory)])
    for host in manager.get_hosts():
        told = [
            line for line in preflight(inventory, host.name).splitlines()[1:] if "AWS refuses" not in line
        ]
        names = {line.split()[1] for line in told}
        assert names == (set() if environment == "sandbox" else PLACEHOLDERS), told


@pytest.mark.parametrize(
    "bad", ["rotation too often", "archives in the wrong order", "sites whose ranges overlap"]
)
def test_the_playbook_stops_before_aws_is_asked(bad: str, tmp_path: Path, aws: Endpoint) -> None:
    case = next(case for case in CASES if case["id"] == bad)
    file = copy_of_prod(tmp_path, case)
    run = subprocess.run(
        [BIN / "ansible-playbook", ROOT / "site.yml", "-i", "prod", "--limit", "prod_eu_west_1"],
        cwd=tmp_path,
        env=environment(
            ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
            **{name: os.environ[name] for name in os.environ if name.startswith("AWS_")},
        ),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert_told(run.stdout, *expected(case, tmp_path, file))
    assert aws.calls == []
