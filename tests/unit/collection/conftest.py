"""Makes the checkout's collection importable, as Ansible does, and gives each test an empty AWS account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit_name: str, unit_index: int) -> Iterator[Any]:
    """The whole of the sandbox's AWS on a free port: functions run, and secrets are rotated."""
    from moto.core.base_backend import BackendDict

    from sandbox.aws.cloud import Cloud
    from sandbox.aws.kubernetes_ports import NoClusters
    from sandbox.aws.server import serve
    from sandbox.settings import Settings

    settings = Settings(
        name=unit_name,
        folder=tmp_path / "sandbox",
        index=unit_index,
        tier="virtual",
        notejam_port=8080,
        access_key_id="AKIAUNITTESTSUNITTES",
        secret_access_key="the-administrators-secret-key",
        git_token="the-git-token",
        time_scale=600.0,
    )
    BackendDict.reset()
    made = Cloud(settings, NoClusters())
    server = serve(made.gateway, ("127.0.0.1", 0), threads=6)
    url = f"http://127.0.0.1:{server.bind_addr[1]}"
    made.functions.invocations.endpoint_url = url
    made.functions.interfaces.start()
    made.rotations.start()
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", settings.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", settings.secret_access_key)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    yield made
    made.rotations.stop()
    made.functions.interfaces.stop()
    server.stop()
    made.request_log.close()
    made.documents.close()


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where the servers of databases run."""
    from tests.unit.sandbox.aws.local_processes import LocalProcesses

    local = LocalProcesses(tmp_path)
    monkeypatch.setattr("sandbox.aws.cloud.Processes", lambda _: local)
    yield
    local.stop()


@pytest.fixture
def databases(processes: None, cloud: Any) -> Iterator[None]:
    """Two regions with the DB subnet group "notes", and what AWS does with databases some time later."""
    import boto3

    for region in ("eu-west-1", "eu-central-1"):
        subnets = boto3.client("ec2", region).describe_subnets()["Subnets"]
        boto3.client("rds", region).create_db_subnet_group(
            DBSubnetGroupName="notes",
            DBSubnetGroupDescription="Of the default VPC",
            SubnetIds=[subnet["SubnetId"] for subnet in subnets],
        )
    cloud.rds.bridge.start()
    yield
    cloud.rds.bridge.stop()
