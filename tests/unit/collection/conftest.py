"""Makes the checkout's collection importable, as Ansible does, and gives each test an empty AWS account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
from botocore.loaders import create_loader

from .fake_eks import FakeEks
from .fake_kubernetes import FakeKubernetes

COLLECTIONS = Path(__file__).parents[3] / "collections"

_AnsibleCollectionFinder([str(COLLECTIONS)])._install()


@pytest.fixture(autouse=True, scope="session")
def _one_loader() -> Iterator[None]:
    """Reads the model of an AWS service once, not once a client."""
    loader = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda _path: loader)
        yield


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS account, emulated in this process."""
    from moto import mock_aws

    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with mock_aws():
        yield


@pytest.fixture
def strict_account(account: None) -> None:
    """An empty AWS account, emulated in this process with the sandbox's extensions of moto."""
    from sandbox.aws.moto import install

    install()


@pytest.fixture
def eks(monkeypatch: pytest.MonkeyPatch) -> FakeEks:
    """An EKS without clusters, kept in this process."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    fake = FakeEks()
    fake.install(monkeypatch)
    return fake


@pytest.fixture
def kubernetes(tmp_path: Path) -> Iterator[FakeKubernetes]:
    """An empty Kubernetes cluster, kept in this process."""
    api = FakeKubernetes(tmp_path)
    yield api
    api.stop()
