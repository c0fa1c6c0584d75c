"""Unit tests see nothing of the AWS account, region or sandbox that the shell around them has chosen."""

import os

import pytest


@pytest.fixture(autouse=True)
def neutral_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "NOTEJAM_", "KUBECONFIG", "OPERATIONS_")) and name != "NOTEJAM_CACHE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
