"""Unit tests see nothing of the AWS account, region or sandbox that the shell around them has chosen."""

import os

import pytest

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))  # which of several processes


@pytest.fixture(scope="session")
def unit_name() -> str:
    """The name of this process's sandbox, whose sockets are in a folder of it."""
    return f"unit{WORKER}"


@pytest.fixture(scope="session")
def unit_index() -> int:
    """The index of this process's sandbox, whose addresses follow from it; real ones count from 0."""
    return 250 - WORKER


@pytest.fixture(autouse=True)
def neutral_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "NOTEJAM_", "KUBECONFIG", "OPERATIONS_")) and name != "NOTEJAM_CACHE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
