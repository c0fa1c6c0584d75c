"""The preflight tells everything that is wrong at once, where it was set and what to do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.notejam.platform.plugins.plugin_utils import account, toolchain
from moto.server import ThreadedMotoServer

from .conftest import COLLECTIONS
from .playbooks import Playbook

ROOT = COLLECTIONS.parent
SITE = {
    "platform_environment": "test",
    "platform_account_id": "123456789012",
    "platform_region": "eu-west-1",
    "platform_domain": "test.notejam.example.com",
    "platform_name": "notejam-{{ platform_environment }}",
    "platform_tags": {"platform:site": "here"},
    "platform_global_tags": {"platform:site": "global"},
    "platform_primary_region": "eu-west-1",
    "platform_standby_regions": [],
    "platform_kubeconfig": "kubeconfig",
    "preflight_requirements": str(ROOT / "requirements.yml"),
}
DEFAULTS = {
    "harbour_name": "{{ platform_name }}",
    "harbour_tags": "{{ platform_tags | combine({'platform:component': 'harbour'}) }}",
    "harbour_cidr": "192.168.0.0/16",
    "harbour_berths": 3,
    "harbour_deletion_protection": True,
    "harbour_network": "{{ site.network }}",
}
TYPES = {"harbour_tags": "dict", "harbour_berths": "int", "harbour_deletion_protection": "bool"}


def write_roles(folder: Path) -> None:
    """The role preflight, and beside it one with variables of each kind."""
    shutil.copytree(ROOT / "roles" / "preflight", folder / "preflight", dirs_exist_ok=True)
    options = {name: {"type": TYPES.get(name, "str")} for name in DEFAULTS}
    files = {
        "defaults/main.yml": DEFAULTS,
        "meta/argument_specs.yml": {"argument_specs": {"main": {"options": options}}},
    }
    for path, content in files.items():
        file = folder / "harbour" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(content))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def preflight(tmp_path: Path, endpoint: str) -> Any:
    """Runs the preflight with the site's variables and these; the lines of what it found."""

    def run(without: str = "", **variables: Any) -> list[str]:
        write_roles(tmp_path / "roles")
        playbook = Playbook(tmp_path, [], roles=["preflight"])
        (tmp_path / "group_vars").mkdir(exist_ok=True)
        inventory = {key: value for key, value in {**SITE, **variables}.items() if key != without}
        (tmp_path / "group_vars" / "all.yml").write_text(yaml.safe_dump(inventory, sort_keys=False))
        printed = playbook.output(
            ANSIBLE_ROLES_PATH=str(tmp_path / "roles"),
            AWS_ENDPOINT_URL=endpoint,
            AWS_ACCESS_KEY_ID="testing",
            AWS_SECRET_ACCESS_KEY="testing",
        )
        return re.findall(r"^ {10}- (.+)$", printed, flags=re.MULTILINE)

    return run


def test_a_good_inventory_passes(preflight: Any) -> None:
    assert preflight() == []


def test_everything_wrong_is_told_at_once_with_its_place(preflight: Any) -> None:
    found = preflight(
        harbour_cidr="10.0.0.0/33",
        harbour_cdir="10.0.0.0/16",
        harbour_berths="many",
        habrour_deletion_protection=True,
        platform_environment="production_environment",
        platform_tags="none",
    )
    places = dict(line.split(" ", 1) for line in found)
    assert places.keys() == {
        "harbour_cidr",
        "harbour_cdir",
        "harbour_berths",
        "habrour_deletion_protection",
        "platform_environment",
        "platform_tags",
    }
    assert all(place.startswith("(group_vars/all.yml:") for place in places.values())
    assert "Did you mean harbour_cidr?" in places["harbour_cdir"]
    assert "Did you mean harbour_deletion_protection?" in places["habrour_deletion_protection"]
    assert "'10.0.0.0/33', which is no network" in places["harbour_cidr"]
    assert "cannot be converted to an int" in places["harbour_berths"]
    assert "22 characters" in places["platform_environment"]


def test_a_missing_library_is_told_by_itself(preflight: Any) -> None:
    """What is wrong with the variables only the libraries can tell."""
    [found] = preflight(preflight_libraries={"no-such-package": "1.0"}, harbour_cidr="10.0.0.0/33")
    assert "The Python package no-such-package is missing" in found


def test_the_credentials_of_another_account(preflight: Any) -> None:
    (told,) = preflight(platform_account_id="210987654321")
    assert "credentials are those of account 123456789012" in told
    assert "platform_account_id (group_vars/all.yml:2) is 210987654321" in told


def test_a_missing_variable_is_told_once_with_its_meaning(preflight: Any) -> None:
    (told,) = preflight(without="platform_name")
    meaning = "The beginning of the names of all that belongs to the environment."
    assert told == f"platform_name is missing: {meaning} Set it in the inventory."


def test_a_placeholder_account_and_an_unknown_region(preflight: Any) -> None:
    found = preflight(platform_account_id="0" * 12, platform_region="eu-west-11")
    assert any("(group_vars/all.yml:2) is '000000000000', which is a placeholder" in line for line in found)
    assert any(
        "'eu-west-11', which is no region" in line and "Did you mean eu-west-1?" in line for line in found
    )


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    (told,) = account.failures("123456789012", "eu-west-1", "")
    assert told.startswith("No AWS credentials were found. Set AWS_PROFILE")


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    (told,) = account.failures("123456789012", "eu-west-1", "")
    assert "(nobody)" in told
    assert "aws configure list-profiles" in told


@pytest.mark.usefixtures("account")
def test_aws_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (told,) = account.failures("123456789012", "eu-west-1", "")
    assert "AWS does not answer" in told
    assert "AWS_ENDPOINT_URL" in told


def test_old_tools_are_told_with_what_is_needed() -> None:
    assert toolchain.old_python("3.12") == []
    assert "but 99.0 is needed" in toolchain.old_python("99.0")[0]
    assert toolchain.old_libraries({"boto3": "1.0"}) == []
    old, missing = toolchain.old_libraries({"boto3": "99.0", "no-such-package": "1"})
    assert "boto3 is" in old
    assert "no-such-package is missing" in missing
    assert toolchain.missing_programs(["sh"]) == []
    assert "no-such-program is not on PATH" in toolchain.missing_programs(["no-such-program"])[0]


def test_other_collections_are_told_with_both_versions() -> None:
    wanted = yaml.safe_load((ROOT / "requirements.yml").read_text())["collections"]
    assert toolchain.other_collections(wanted) == []
    other, missing = toolchain.other_collections(
        [{"name": "amazon.aws", "version": "1.0.0"}, {"name": "no.such", "version": "1.0.0"}]
    )
    assert re.search(r"amazon\.aws is \d+\.\d+\.\d+, but requirements.yml names 1\.0\.0", other)
    assert "no.such is missing" in missing
