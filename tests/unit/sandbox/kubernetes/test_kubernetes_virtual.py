"""The virtual tier: containers as processes of the host, told of as they are."""

import re
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from sandbox.errors import SandboxError
from sandbox.kubernetes import pod_process, virtual_images
from sandbox.kubernetes.kwok_stages import stages
from sandbox.kubernetes.node import nodes
from sandbox.kubernetes.pod_environment import MissingReference, decoded, environment
from sandbox.kubernetes.pod_process import PodProcess
from sandbox.kubernetes.virtual_images import KNOWN, HostProcess, VirtualImages, known
from sandbox.kubernetes.virtual_nodes import VirtualNodes
from sandbox.settings import Settings

PATIENCE = 20  # seconds until a test gives a process up


def pod_of(container: dict[str, Any], **spec: Any) -> dict[str, Any]:
    metadata = {"namespace": "notejam", "name": "web-1", "uid": "u1", "labels": {"app": "web"}}
    return {"metadata": metadata, "spec": {"containers": [container], **spec}, "status": {}}


def read(kind: str, namespace: str, name: str) -> dict[str, str] | None:
    objects = {
        ("ConfigMap", "site"): {"HOST": "notes.example", "PORT": "80"},
        ("Secret", "notejam"): {"SECRET_KEY": "s", "PORT": "8000"},
    }
    return objects.get((kind, name)) if namespace == "notejam" else None


def test_the_environment_is_resolved_as_kubelet_does() -> None:
    container = {
        "name": "web",
        "image": "notejam:1",
        "envFrom": [{"configMapRef": {"name": "site"}}, {"secretRef": {"name": "notejam"}}],
        "env": [
            {"name": "URL", "value": "http://$(HOST):$(PORT)/$(UNKNOWN)/$$(HOST)"},
            {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "notejam", "key": "SECRET_KEY"}}},
            {
                "name": "NONE",
                "valueFrom": {"configMapKeyRef": {"name": "site", "key": "NO", "optional": True}},
            },
        ],
    }
    assert environment(container, pod_of(container), read) == {
        "HOST": "notes.example",
        "PORT": "8000",
        "SECRET_KEY": "s",
        "URL": "http://notes.example:8000/$(UNKNOWN)/$(HOST)",
        "POD": "web-1",
        "APP": "web",
        "KEY": "s",
    }


@pytest.mark.parametrize(
    ("container", "said"),
    [
        ({"envFrom": [{"secretRef": {"name": "absent"}}]}, "Secret notejam/absent is not there"),
        (
            {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "site", "key": "NO"}}}]},
            "ConfigMap site has no key NO",
        ),
    ],
)
def test_what_is_missing_is_named(container: dict[str, Any], said: str) -> None:
    with pytest.raises(MissingReference, match=said):
        environment(container, pod_of(container), read)


def test_a_secret_is_decoded() -> None:
    assert decoded({"kind": "Secret", "data": {"a": "Yg=="}}) == {"a": "b"}
    assert decoded({"kind": "ConfigMap", "data": None}) == {}


@pytest.mark.parametrize(
    ("image", "is_known"),
    [
        ("127.233.5.1:5000/notejam-sandbox/notejam:2.0.0-abc", True),
        ("ghcr.io/fluxcd/source-controller:v1.9.1", True),
        ("ghcr.io/fluxcd/helm-controller:v1.6.2", False),
        ("registry.k8s.io/coredns/coredns:v1.15.0", False),
        ("example.org/not-notejam:1", False),
    ],
)
def test_an_image_is_run_or_faked_but_never_both(image: str, is_known: bool) -> None:
    assert known(pod_of({"name": "c", "image": image})) is is_known
    # KWOK's own condition on the pods that it takes.
    ready = next(stage for stage in stages() if stage["metadata"]["name"] == "pod-ready")
    condition = ready["spec"]["selector"]["matchExpressions"][0]
    assert condition["operator"] == "DoesNotExist"
    expression = re.search(r'test\("(.+?)"\)', condition["key"])
    assert expression
    assert bool(re.search(expression.group(1), image)) is is_known
    assert expression.group(1) == KNOWN


def test_flux_serves_where_the_host_reaches_it(settings: Settings, tmp_path: Path) -> None:
    container = {
        "name": "manager",
        "image": "ghcr.io/fluxcd/source-controller:v1",
        "args": ["--log-level=info"],
    }
    with pytest.raises(SandboxError, match="not built yet"):
        VirtualImages(settings).process(container, {}, tmp_path)
    (settings.tools / "source-controller").touch()
    process = VirtualImages(settings).process(container, {"A": "b"}, tmp_path)
    flags = dict(word.removeprefix("--").split("=") for word in process.command[1:])
    assert flags["log-level"] == "info"
    assert flags["storage-addr"] == flags["storage-adv-addr"] == f"127.0.0.1:{process.ports[9090]}"
    assert process.environment["A"] == "b"


def test_every_pod_of_notejam_has_its_own_port(settings: Settings, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(virtual_images, "install", lambda *command, environment=None: None)
    libraries = []

    def no_libraries(images: VirtualImages) -> Path:
        libraries.append(images)
        return tmp_path / "libraries"

    monkeypatch.setattr(VirtualImages, "_libraries", no_libraries)
    images = VirtualImages(settings)
    container = {"name": "web", "image": "127.233.5.1:5000/notejam:2.0.0-abc"}
    first, second = (images.process(container, {}, tmp_path) for _ in range(2))
    assert first.command == ["gunicorn"]
    assert first.ports[8000] != second.ports[8000]
    assert first.environment["GUNICORN_CMD_ARGS"] == f"--bind 127.0.0.1:{first.ports[8000]}"
    assert (first.directory / "manage.py").exists()
    migrations = images.process(container | {"args": ["python", "manage.py", "migrate"]}, {}, tmp_path)
    assert migrations.command == ["python", "manage.py", "migrate"]


class RecordingRunner:
    """What a pod's process needs of its runner, and what it was told."""

    def __init__(self, settings: Settings, process: HostProcess) -> None:
        self.settings = settings
        self.images = self
        self.host_process = process
        self.reports: list[dict[str, Any]] = []
        self.deleted: list[str] = []

    def process(self, *_: Any) -> HostProcess:
        return self.host_process

    def read(self, *_: Any) -> None:
        return None

    def kubeconfig(self, _: Any, path: Path) -> Path:
        return path

    def publish(self) -> None:
        return

    def report(self, _: Any, status: dict[str, Any]) -> None:
        self.reports.append(status)

    def delete(self, pod: dict[str, Any]) -> None:
        self.deleted.append(pod["metadata"]["name"])

    def forget(self, _: Any) -> None:
        return

    def last(self, condition: str) -> str:
        found = self.reports[-1]["conditions"] if self.reports else []
        return next((each["status"] for each in found if each["type"] == condition), "")


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


@pytest.fixture
def run(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pod_process, "INTERVAL", 0.05)
    started: list[PodProcess] = []

    def start(
        script: str, pod: dict[str, Any], ports: dict[int, int] | None = None
    ) -> tuple[Any, PodProcess]:
        command = [sys.executable, "-c", script]
        runner = RecordingRunner(settings, HostProcess(command, tmp_path, {"PATH": "/usr/bin"}, ports or {}))
        process = PodProcess(runner, pod, "10.105.0.1")  # type: ignore[arg-type]
        process.start()
        started.append(process)
        return runner, process

    yield start
    for process in started:
        process.terminate(0)
        process.join(PATIENCE)


@pytest.mark.parametrize(("script", "phase", "code"), [("", "Succeeded", 0), ("exit(3)", "Failed", 3)])
def test_a_job_ends_as_its_process_does(run, script: str, phase: str, code: int) -> None:
    runner, process = run(script, pod_of({"name": "c", "image": "notejam:1"}, restartPolicy="Never"))
    process.join(PATIENCE)
    last = runner.reports[-1]
    assert last["phase"] == phase
    assert last["containerStatuses"][0]["state"]["terminated"]["exitCode"] == code
    assert runner.deleted == []


def test_a_pod_is_ready_when_its_probe_says_so(run) -> None:
    class Answer(BaseHTTPRequestHandler):
        status = 503

        def do_GET(self) -> None:
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        container = {
            "name": "web",
            "image": "notejam:1",
            "ports": [{"name": "http", "containerPort": 8000}],
            "readinessProbe": {"httpGet": {"path": "/healthz/ready", "port": "http"}},
        }
        runner, process = run("import time; time.sleep(60)", pod_of(container), {8000: server.server_port})
        eventually(lambda: runner.reports and runner.reports[-1]["phase"] == "Running")
        assert runner.last("Ready") == "False"
        Answer.status = 200
        eventually(lambda: runner.last("Ready") == "True")
        # The node controller marks pods not ready when their node seems gone.
        before = len(runner.reports)
        process.observe({"status": {"conditions": [{"type": "Ready", "status": "False"}]}})
        eventually(lambda: len(runner.reports) > before)
        assert runner.last("Ready") == "True"
        server.shutdown()


def test_a_container_that_ends_is_started_again_and_counted(run) -> None:
    runner, _ = run("exit(1)", pod_of({"name": "c", "image": "notejam:1"}))

    def crashes() -> bool:
        return any(
            each["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff" and each["restartCount"] >= 1
            for report in runner.reports
            for each in report["containerStatuses"]
        )

    eventually(crashes)
    assert runner.last("Ready") == "False"


def test_a_missing_secret_is_what_the_pod_waits_for(run) -> None:
    container = {"name": "c", "image": "notejam:1", "envFrom": [{"secretRef": {"name": "absent"}}]}
    runner, _ = run("", pod_of(container))

    def reason() -> dict[str, Any]:
        state: dict[str, Any] = runner.reports[-1]["containerStatuses"][0]["state"]
        return state.get("waiting", {})

    eventually(lambda: runner.reports and reason().get("reason") == "CreateContainerConfigError")
    assert reason()["message"] == "Secret notejam/absent is not there"


def test_a_deleted_pod_has_its_grace_and_then_none(run, tmp_path: Path) -> None:
    script = (
        "import pathlib, signal, time\n"
        f"here = pathlib.Path({str(tmp_path)!r})\n"
        "signal.signal(signal.SIGTERM, lambda *_: (here / 'asked').touch())\n"
        "(here / 'running').touch()\n"
        "while True: time.sleep(0.1)\n"
    )
    runner, process = run(script, pod_of({"name": "c", "image": "notejam:1"}))
    eventually((tmp_path / "running").exists)
    process.terminate(1)
    process.join(PATIENCE)
    assert (tmp_path / "asked").exists()
    assert runner.deleted == ["web-1"]
    assert not pod_process.pod_folder(runner.settings, "u1").exists()


def test_virtual_nodes_wait_for_kwok_and_go_with_it(settings, processes, make_node) -> None:
    virtual = VirtualNodes(settings, processes)
    virtual.create(make_node())
    assert nodes(settings) == []  # no node before a call that can make it one
    (settings.tools / "kwok").touch()
    virtual.create(make_node())
    assert set(processes.running) == {"kwok", "pod-runner"}
    assert [node.number for node in nodes(settings)] == [0]
    documents = yaml.safe_load_all((settings.folder / "nodes" / "kwok.yaml").read_text())
    assert {document["kind"] for document in documents} == {"Stage"}
    virtual.delete(make_node())
    assert processes.running == {}
