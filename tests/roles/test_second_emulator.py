"""The roles against another emulator than the sandbox's, so that none was tuned to that one.

What the two differ in is in the table of docs/emulators.md, which says who is right by AWS's documents. The
table is read here: a difference without a row fails, and so does a row without a difference.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

from sandbox import python_environments
from sandbox.aws.other_emulators import MINISTACK
from sandbox.machine.ports import free_port
from tests.commands import BIN, LOGS, ROOT, environment

TABLE = ROOT / "docs" / "emulators.md"
ACCOUNT = "123456789012"
# The rest of site.yml needs Kubernetes, Git, or the servers behind a database.
ROLES = (
    "identity",
    "encryption_keys",
    "observability",
    "network",
    "security_groups",
    "container_registry",
    "backups",
    "web_firewall",
    "edge",
)
START_SECONDS = 60
AGAIN = "a second run"
Difference = tuple[str, str]  # the role, and by what it shows


def rows() -> set[Difference]:
    """The differences in the table: its first two columns."""
    lines = [line for line in TABLE.read_text().splitlines() if re.match(r"\| `\w+` \|", line)]
    return {(cells[1].strip(" `"), cells[2].strip(" `")) for line in lines for cells in [line.split("|")]}


def stopped(differences: set[Difference]) -> set[str]:
    """The roles that an operation of AWS stops."""
    return {role for role, shown in differences if re.fullmatch(r"[A-Z]\w+", shown)}


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """ministack with an empty account; the environment of an outside client."""
    folder = tmp_path_factory.mktemp("ministack")
    port = str(free_port(14567))
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": port, "MINISTACK_ACCOUNT_ID": ACCOUNT}
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [python_environments.ensure(MINISTACK) / "ministack"],
        env={**os.environ, **settings, "STATE_DIR": str(folder), "PERSIST_STATE": "0"},
        stdout=log,
        stderr=log,
    )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{endpoint}/_ministack/health", folder / "log")
        yield environment(
            AWS_ENDPOINT_URL=endpoint,
            AWS_ACCESS_KEY_ID=ACCOUNT,
            AWS_SECRET_ACCESS_KEY="testing",
            AWS_REGION="eu-west-1",
            AWS_DEFAULT_REGION="eu-west-1",
            AWS_EC2_METADATA_DISABLED="true",
            KUBECONFIG=str(folder / "kubeconfig"),
            no_proxy="127.0.0.1",
        )
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            requests.get(url, timeout=2)
        except requests.RequestException:
            time.sleep(0.5)
        else:
            return
    raise AssertionError(f"ministack did not start in {START_SECONDS} s:\n{log.read_text()[-2000:]}")


def given(role: str) -> dict[str, object]:
    """The variables of the role's scenario, beyond those of the sandbox's inventory."""
    file = ROOT / "molecule" / role / "inventory.yml"
    return dict(yaml.safe_load(file.read_text())) if file.exists() else {}


def apply(roles: list[str], env: dict[str, str], folder: Path) -> str:
    """What `site.yml` prints for these roles, whether it ends well or not."""
    inventory = folder / "inventory.yml"
    inventory.write_text(yaml.safe_dump({key: value for role in roles for key, value in given(role).items()}))
    command = [BIN / "ansible-playbook", "site.yml", "--inventory", "inventories/sandbox"]
    command += ["--tags", ",".join(roles), "--extra-vars", f"@{inventory}"]
    return output(command, {**env, "ANSIBLE_NOCOLOR": "1"}, f"second-emulator-{roles[0]}")


def output(command: list[str | Path], env: dict[str, str], log: str) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=900, check=False
    )
    LOGS.mkdir(exist_ok=True)
    (LOGS / f"{log}.log").write_text(done.stdout + done.stderr)
    return done.stdout + done.stderr


def refused(printed: str) -> set[Difference]:
    """The operation that a run was stopped at, if it was."""
    if not re.search(r"failed=[1-9]", printed) and "PLAY RECAP" in printed:
        return set()
    role = re.findall(r"^TASK \[(\w+) : ", printed, re.MULTILINE)[-1]
    operations = re.findall(r"when calling the (\w+) operation", printed)
    assert operations, f"{role} failed, and not by AWS's refusal:\n{printed[-3000:]}"
    return {(role, operations[-1])}


def changed(printed: str) -> set[Difference]:
    """The roles that changed something."""
    tasks = re.split(r"^TASK \[", printed, flags=re.MULTILINE)[1:]
    return {(task.split(" : ")[0], AGAIN) for task in tasks if re.search(r"^changed: ", task, re.MULTILINE)}


def failed(printed: str) -> set[Difference]:
    """The failed tests, by the role whose scenario they are of."""
    return set(re.findall(r"^FAILED molecule/(\w+)/built/\w+\.py::(\w+)", printed, re.MULTILINE))


def test_the_table_tells_all_differences(ministack: dict[str, str], tmp_path: Path) -> None:
    expected = rows()
    alone = stopped(expected)
    assert {role for role, _ in expected} <= set(ROLES)
    whole = [role for role in ROLES if role not in alone]

    found = refused(apply(whole, ministack, tmp_path))
    assert not found, f"{found} stops the roles and is in no row of {TABLE}"
    found |= changed(apply(whole, ministack, tmp_path))
    built = [ROOT / "molecule" / role / "built" for role in whole]
    pytest_command = [BIN / "python", "-m", "pytest", "--quiet", "--tb=short", "-p", "no:cacheprovider"]
    found |= failed(output([*pytest_command, *built], ministack, "second-emulator-built"))
    for role in ROLES:
        if role in alone:
            found |= refused(apply([role], ministack, tmp_path))

    assert found - expected == set(), "differences that are in no row"
    assert expected - found == set(), "rows that no longer hold"
