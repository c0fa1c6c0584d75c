"""Each role alone, by its molecule scenario, on one rehearsal cloud.

The scenarios that build a role from nothing and remove it again have an AWS account each, and run side by
side. Those that stand on the whole site share the sandbox's own account, in the order of site.yml; they wait
for a cluster much of their time, and run beside the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import yaml

from tests.commands import BIN, ROOT, run
from tests.conftest import exported_by, sandbox

AT_ONCE = 4  # more only wait for the machine's two cores and for the emulator
FIRST = (
    "cluster",
    "database",
    "observability",
    "network",
)  # take longest: none is left to the end


def roles() -> list[str]:
    """The roles that site.yml applies, in its order."""
    plays = yaml.safe_load((ROOT / "site.yml").read_text())
    included = [task["ansible.builtin.include_role"] for play in plays for task in play["tasks"]]
    return [role["name"] for role in included if "tasks_from" not in role]


def has_own_account(role: str) -> bool:
    return (ROOT / "molecule" / role / "built").is_dir()


def molecule(role: str, environment: dict[str, str]) -> None:
    run(f"molecule-{role}", BIN / "molecule", "test", "--scenario-name", role, env=environment)


def in_own_account(role: str, services: dict[str, str]) -> None:
    if role == "cluster":  # a further control plane's nodes are virtual, whatever the sandbox's own are
        sandbox("tools", "build", "--tier", "virtual", layer="tools-virtual")
    account = sandbox("account", role, layer=f"account-{role}").stdout
    molecule(role, exported_by(account, services))


def on_the_whole_site(role: str, services: dict[str, str]) -> None:
    with ThreadPoolExecutor() as side:
        if role == "notejam":  # CI builds and pushes the release, once its repository is there
            pushed = side.submit(sandbox, "image", "push", layer="image")
        molecule(role, services)
        if role == "notejam":
            pushed.result()


@pytest.fixture(scope="module")
def begun(services: dict[str, str]) -> Iterator[dict[str, Future[None]]]:
    """The scenarios, begun."""
    with ThreadPoolExecutor(AT_ONCE) as accounts, ThreadPoolExecutor(1) as site:
        futures = {
            role: accounts.submit(in_own_account, role, services)
            if has_own_account(role)
            else site.submit(on_the_whole_site, role, services)
            for role in sorted(roles(), key=lambda role: role not in FIRST)
        }
        yield futures
        for future in futures.values():
            future.cancel()


@pytest.mark.parametrize("role", roles())
def test_role(role: str, begun: dict[str, Future[None]]) -> None:
    begun[role].result()
