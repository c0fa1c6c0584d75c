"""Prod, built in the rehearsal cloud by `python -m sandbox rehearse`, in an AWS account of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from tests.commands import ROOT, run
from tests.conftest import FOLDER, exported_by, sandbox

ENVIRONMENT = "prod"
NAME = f"notejam-{ENVIRONMENT}"


LAST = "test_destroy.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have prod destroyed when everything else here has been seen of it."""
    here = [index for index, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    ordered = sorted((items[index] for index in here), key=lambda item: item.path.name == LAST)
    for index, item in zip(here, ordered, strict=True):
        items[index] = item


class Site:
    """What a client of the account sees of it in one region."""

    def __init__(self, region: str, variables: dict[str, str]) -> None:
        self.region = region
        self.variables = {**variables, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        self.account = variables["AWS_ACCOUNT_ID"]
        self._session = boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables["AWS_SESSION_TOKEN"],
            region_name=region,
        )

    def aws(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self.variables["AWS_ENDPOINT_URL"])

    def kubernetes(self, *what: str) -> Any:
        """The objects that kubectl gets in the site's cluster; one, where `what` names one."""
        kubeconfig = FOLDER / "kubeconfigs" / f"{NAME}-{self.region}"
        command: list[str | Path] = ["kubectl", "--kubeconfig", kubeconfig, "get", *what, "--output", "json"]
        return json.loads(run(f"kubectl-{self.region}", *command, env=self.variables).stdout)


@pytest.fixture(scope="package")
def rehearsal(services: dict[str, str]) -> str:
    """Prod, built and built again without a change; what that printed."""
    return sandbox("rehearse", ENVIRONMENT, layer=f"rehearse-{ENVIRONMENT}").stdout


@pytest.fixture(scope="package")
def account(rehearsal: str, services: dict[str, str]) -> dict[str, str]:
    """A client's environment in the account where prod has been built."""
    return exported_by(sandbox("account", ENVIRONMENT, layer=f"account-{ENVIRONMENT}").stdout, services)


def site(role: str, account: dict[str, str]) -> Site:
    """The one site of this role: `primary` or `standby`."""
    inventory = yaml.safe_load((ROOT / "inventories" / ENVIRONMENT / "hosts.yml").read_text())
    [variables] = inventory[role]["hosts"].values()
    return Site(variables["platform_region"], account)


@pytest.fixture(scope="package")
def primary(account: dict[str, str]) -> Site:
    """The site that serves."""
    return site("primary", account)


@pytest.fixture(scope="package")
def standby(account: dict[str, str]) -> Site:
    """The site that takes over when the primary's region is lost."""
    return site("standby", account)
