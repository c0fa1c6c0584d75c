"""An emulated AWS of the test's own, in this process on a free port, without a Kubernetes or a registry."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from moto.core.base_backend import BackendDict

from sandbox.aws import clock
from sandbox.aws.clients import session
from sandbox.aws.cloud import Cloud
from sandbox.aws.kubernetes_ports import Kubernetes, NoKubernetes
from sandbox.aws.server import serve
from sandbox.settings import Settings
from tests.unit.sandbox.aws.databases import TIME_SCALE, Aurora, with_network
from tests.unit.sandbox.aws.docker import Docker, login_of
from tests.unit.sandbox.aws.local_processes import LocalProcesses

ACCOUNT = "123456789012"
REGION = "eu-west-1"
PATIENCE = 30  # seconds for the registry to come up
Client = Callable[..., Any]


class FakeKubernetes(NoKubernetes):
    """A Kubernetes that is as ready as the test says, and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.control_plane_ready = True
        self.healthy_addons = True
        self.places: dict[str, tuple[str, str]] = {}
        self.installed: list[str] = []
        self.bound: list[tuple[str, list[str] | None]] = []
        self.keys: dict[str, Any] = {"keys": []}
        self.service_account: tuple[str, str] | None = None
        self.cordoned: set[str] = set()
        self.ready_nodes: set[str] | None = None  # all of them, unless said
        self.pods: dict[str, list[str]] = {}  # those that a disruption budget keeps, by node
        self.drained: list[str] = []
        self.labels: dict[str, dict[str, str]] = {}
        self.taints: dict[str, list[dict[str, str]]] = {}
        self.launched = 0
        self.most_nodes = 0

    def create(self, *args: Any, **kwargs: Any) -> None:
        super().create(*args, **kwargs)
        if args[0].startswith("ip-"):
            self.launched += 1
            self.labels[args[0]], self.taints[args[0]] = args[1], args[2]
        self.most_nodes = max(self.most_nodes, len(self.names()))

    def signing_keys(self) -> dict[str, Any]:
        return self.keys

    def cordon(self, name: str, unschedulable: bool) -> None:
        (self.cordoned.add if unschedulable else self.cordoned.discard)(name)

    def drain(self, name: str) -> list[str]:
        self.drained.append(name)
        return self.pods.get(name, [])

    def ready(self, *names: Any) -> bool:
        if names:
            return self.ready_nodes is None or names[0] in self.ready_nodes
        return self.control_plane_ready

    def names(self) -> list[str]:
        return [name for name in super().names() if name.startswith("ip-")]

    def install(self, name: str, *_: Any) -> None:
        self.installed.append(name)

    def healthy(self, name: str) -> bool:
        return self.healthy_addons

    def bind(self, policy_name: str, namespaces: list[str] | None) -> None:
        self.bound.append((policy_name, namespaces))

    def review(self, token: str, audience: str) -> tuple[str, str] | None:
        return self.service_account


class OneForAll:
    """The same fake behind every cluster, which remembers where each was."""

    def __init__(self, kubernetes: FakeKubernetes) -> None:
        self.kubernetes = kubernetes
        self.kubernetes.places = {}

    def of(self, place: str, account: str, region: str) -> Kubernetes:
        self.kubernetes.places[place] = (account, region)
        return Kubernetes(*[self.kubernetes] * 5)

    def remove(self, place: str) -> None:
        del self.kubernetes.places[place]


@pytest.fixture
def settings(tmp_path: Path, unit_name: str, unit_index: int, request: pytest.FixtureRequest) -> Settings:
    return Settings(
        name=unit_name,
        folder=tmp_path,
        index=unit_index,
        tier="virtual",
        notejam_port=8080,
        access_key_id="AKIAUNITTESTSUNITTES",
        secret_access_key="the-administrators-secret-key",
        git_token="the-git-token",
        time_scale=TIME_SCALE if "make_aurora" in request.fixturenames else 60.0,
    )


@pytest.fixture
def kubernetes() -> FakeKubernetes:
    return FakeKubernetes()


@pytest.fixture
def cloud(settings: Settings, kubernetes: FakeKubernetes) -> Iterator[Cloud]:
    """The whole of it but its threads: a test takes the bridges' steps itself."""
    BackendDict.reset()
    made = Cloud(settings, OneForAll(kubernetes))
    yield made
    made.rds.bridge.close()
    made.request_log.close()
    made.documents.close()


@pytest.fixture
def endpoint(cloud: Cloud) -> Iterator[str]:
    server = serve(cloud.gateway, ("127.0.0.1", 0), threads=4)
    url = f"http://127.0.0.1:{server.bind_addr[1]}"
    cloud.functions.invocations.endpoint_url = url
    yield url
    server.stop()


@pytest.fixture
def client(endpoint: str, settings: Settings) -> Client:
    """Makes boto3 clients of the gateway: the administrator's, unless other credentials are given."""

    def make(service: str, region: str = REGION, **credentials: str) -> Any:
        given = credentials or {
            "aws_access_key_id": settings.access_key_id,
            "aws_secret_access_key": settings.secret_access_key,
        }
        return session().create_client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            config=Config(retries={"max_attempts": 0}),
            **given,
        )

    return make


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the gateway's clock on by so many seconds."""
    passed = [0.0]
    now = clock.now

    def move(seconds: float) -> None:
        passed[0] += seconds

    monkeypatch.setattr(clock, "now", lambda: now() + passed[0])
    return move


@pytest.fixture
def registry_url(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The address of ECR's front, with a registry behind it."""
    processes = LocalProcesses(settings.folder)
    monkeypatch.setattr("sandbox.aws.cloud.Processes", lambda _: processes)
    cloud: Cloud = request.getfixturevalue("cloud")
    cloud.registry.start()
    server = serve(cloud.ecr.front, ("127.0.0.1", 0), threads=4)
    deadline = time.monotonic() + PATIENCE
    while not settings.socket("registry.sock").exists():
        assert time.monotonic() < deadline, "the registry did not come up"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.bind_addr[1]}"
    server.stop()
    processes.stop()


@pytest.fixture
def ecr(registry_url: str, client: Callable[..., Any]) -> Any:
    made = client("ecr")
    made.create_repository(repositoryName="notejam", imageTagMutability="IMMUTABLE")
    return made


@pytest.fixture
def docker(registry_url: str, ecr: Any) -> Docker:
    return Docker(registry_url, login_of(ecr))


@pytest.fixture
def local_processes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProcesses]:
    processes = LocalProcesses(settings.folder)
    monkeypatch.setattr("sandbox.aws.cloud.Processes", lambda _: processes)
    yield processes
    processes.stop()


@pytest.fixture
def make_aurora(
    local_processes: LocalProcesses,
    cloud: Cloud,
    client: Callable[..., Any],
    later: Callable[[float], None],
    settings: Settings,
) -> Callable[..., Aurora]:
    """Makes the network of a region, of the administrator's account or that of the credentials given."""

    def make(region: str = REGION, **credentials: str) -> Aurora:
        clients = [client(name, region, **credentials) for name in ("rds", "ec2", "secretsmanager")]
        return with_network(*clients, cloud, later, settings)

    return make


@pytest.fixture
def aurora(make_aurora: Callable[..., Aurora]) -> Aurora:
    return make_aurora()
