"""One pod as processes of the host: starts its containers, watches them, and ends them."""

import http.client
import logging
import os
import shutil
import signal
import subprocess
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.errors import SandboxError
from sandbox.kubernetes.client import UNREACHABLE
from sandbox.kubernetes.pod_environment import MissingReference, environment
from sandbox.kubernetes.virtual_images import LOOPBACK, HostProcess
from sandbox.settings import Settings

if TYPE_CHECKING:
    from sandbox.kubernetes.pod_runner import PodRunner

log = logging.getLogger(__name__)

INTERVAL = 0.5  # seconds between looks at the processes
PROBE_TIMEOUT = 3  # seconds
LONGEST_BACKOFF = 30  # seconds between restarts of a container that keeps ending


class Container:
    """A container's process, and what Kubernetes is told of it."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.process: subprocess.Popen[bytes] | None = None
        self.host_process: HostProcess | None = None
        self.restarts = 0
        self.ready = False
        self.started_at = ""
        self.waiting: tuple[str, str] = ("ContainerCreating", "")
        self.terminated: dict[str, Any] | None = None
        self.not_before = 0.0

    def start(self, host_process: HostProcess, log_path: str) -> None:
        with open(log_path, "ab") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *host_process.command],
                cwd=host_process.directory,
                env=host_process.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.host_process, self.started_at, self.terminated = host_process, now(), None

    def look(self) -> None:
        """Take up the end of the process, and whether it is ready."""
        if self.process is None:
            return
        code = self.process.poll()
        if code is not None:
            self.process, self.ready = None, False
            self.terminated = {
                "exitCode": code if code >= 0 else 128 - code,
                "reason": "Completed" if code == 0 else "Error",
                "startedAt": self.started_at,
                "finishedAt": now(),
            }
        else:
            self.ready = self._probed()

    def _probed(self) -> bool:
        """Whether the readiness probe, or else the startup probe, succeeds; ready without either."""
        probe = self.spec.get("readinessProbe") or self.spec.get("startupProbe") or {}
        target = probe.get("httpGet")
        if not target or not self.host_process:
            return True
        named = {port.get("name"): port["containerPort"] for port in self.spec.get("ports", [])}
        port = named.get(target["port"], target["port"])
        connection = http.client.HTTPConnection(
            LOOPBACK, self.host_process.ports.get(port, port), timeout=PROBE_TIMEOUT
        )
        try:
            connection.request("GET", target.get("path", "/"))
            return connection.getresponse().status < http.HTTPStatus.BAD_REQUEST
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def signal(self, number: signal.Signals) -> None:
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def status(self) -> dict[str, Any]:
        if self.process:
            state: dict[str, Any] = {"running": {"startedAt": self.started_at}}
        elif self.terminated:
            state = {"terminated": self.terminated}
        else:
            state = {"waiting": {"reason": self.waiting[0], "message": self.waiting[1]}}
        return {
            "name": self.spec["name"],
            "image": self.spec["image"],
            "imageID": "",
            "ready": self.ready,
            "started": self.process is not None,
            "restartCount": self.restarts,
            "state": state,
        }


class PodProcess(threading.Thread):
    """The thread that runs one pod until it is done or deleted."""

    def __init__(self, runner: "PodRunner", pod: dict[str, Any], address: str) -> None:
        self.pod = pod
        self.uid = pod["metadata"]["uid"]
        self.key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        super().__init__(name="/".join(self.key), daemon=True)
        self.runner = runner
        self.address = address
        self.containers = [Container(spec) for spec in pod["spec"]["containers"]]
        earlier = {each["name"]: each for each in pod.get("status", {}).get("containerStatuses") or []}
        for container in self.containers:
            if before := earlier.get(container.spec["name"]):
                container.restarts = before["restartCount"] + 1  # the runner was started again
        self.started_at = now()
        self.grace: float | None = None  # seconds that the end may take; None while it is wanted
        self.wake = threading.Event()
        self.told: dict[str, Any] = {}

    @property
    def ports(self) -> dict[int, int]:
        return {
            port: real
            for container in self.containers
            if container.host_process
            for port, real in container.host_process.ports.items()
        }

    def terminate(self, grace: float) -> None:
        """End the pod's processes, within `grace` seconds, and the pod."""
        if self.grace is None or grace < self.grace:
            self.grace = grace
            self.wake.set()

    def observe(self, pod: dict[str, Any]) -> None:
        """Report again where the API says otherwise: a node that seemed gone makes its pods not ready."""
        conditions = pod.get("status", {}).get("conditions") or []
        found = {each["type"]: each["status"] for each in conditions}
        told = {each["type"]: each["status"] for each in self.told.get("conditions", [])}
        if told and found.get("Ready") != told["Ready"]:
            self.told = {}
            self.wake.set()

    def run(self) -> None:
        folder = pod_folder(self.runner.settings, self.uid)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            while self.grace is None and not self._done():
                for container in self.containers:
                    container.look()
                    self._restart(container, folder)
                self._tell(self._phase())
                self.wake.wait(INTERVAL)
                if self.grace is None:
                    self.wake.clear()
            if self.grace is not None:
                self._end()
                self.runner.delete(self.pod)
        finally:
            for container in self.containers:
                container.signal(signal.SIGKILL)
            shutil.rmtree(folder, ignore_errors=True)
            self.runner.forget(self)

    def _restart(self, container: Container, folder: Path) -> None:
        """Start the container where it should run and does not."""
        policy = self.pod["spec"].get("restartPolicy", "Always")
        if container.process or time.monotonic() < container.not_before:
            return
        if ended := container.terminated:
            if policy == "Never" or (policy == "OnFailure" and ended["exitCode"] == 0):
                return
            container.restarts += 1
            container.not_before = time.monotonic() + min(2.0**container.restarts, LONGEST_BACKOFF)
            container.terminated, container.waiting = (
                None,
                ("CrashLoopBackOff", f"exit code {ended['exitCode']}"),
            )
            return
        try:
            # Its own fields say where the pod is; the API has them only after the first report.
            status = {"podIP": self.address, "hostIP": self.runner.settings.address(1)}
            pod = self.pod | {"status": self.pod.get("status", {}) | status}
            variables = environment(container.spec, pod, self.runner.read)
            variables["KUBECONFIG"] = str(self.runner.kubeconfig(pod, folder / "kubeconfig"))
            host_process = self.runner.images.process(container.spec, variables, folder)
            container.start(host_process, self._log(container))
            self.runner.publish()
        except MissingReference as error:
            container.waiting = ("CreateContainerConfigError", str(error))
        except (SandboxError, OSError, *UNREACHABLE) as error:
            container.waiting = ("CreateContainerError", str(error))
            container.not_before = time.monotonic() + LONGEST_BACKOFF / 6

    def _log(self, container: Container) -> str:
        folder = self.runner.settings.logs / "pods"
        folder.mkdir(exist_ok=True)
        return str(folder / f"{'_'.join(self.key)}_{container.spec['name']}.log")

    def _end(self) -> None:
        """As kubelet does: the hook's sleep, SIGTERM, and after the grace period SIGKILL."""
        deadline = time.monotonic() + (self.grace or 0)
        sleeps = [
            ((container.spec.get("lifecycle") or {}).get("preStop") or {}).get("sleep") or {}
            for container in self.containers
        ]
        self._tell(self._phase())
        time.sleep(min(max((sleep.get("seconds", 0) for sleep in sleeps), default=0), self.grace or 0))
        for container in self.containers:
            container.signal(signal.SIGTERM)
        while any(container.process for container in self.containers) and time.monotonic() < deadline:
            time.sleep(INTERVAL / 5)
            for container in self.containers:
                container.look()

    def _done(self) -> bool:
        return self._phase() in ("Succeeded", "Failed") and self.told.get("phase") == self._phase()

    def _phase(self) -> str:
        if all(container.terminated for container in self.containers):
            codes = [
                container.terminated["exitCode"] for container in self.containers if container.terminated
            ]
            return "Failed" if any(codes) else "Succeeded"
        running = any(container.process or container.restarts for container in self.containers)
        return "Running" if running else "Pending"

    def _tell(self, phase: str) -> None:
        """Report the pod's status when it is another than the one reported before."""
        ready = all(container.ready for container in self.containers)
        wanted = {
            "phase": phase,
            "hostIP": self.runner.settings.address(1),
            "podIP": self.address,
            "podIPs": [{"ip": self.address}],
            "startTime": self.started_at,
            "conditions": [condition(kind, True) for kind in ("PodScheduled", "Initialized")]
            + [condition(kind, ready) for kind in ("ContainersReady", "Ready")],
            "containerStatuses": [container.status() for container in self.containers],
        }
        if wanted != self.told:
            self.runner.report(self.pod, with_times(wanted))
            self.told = wanted


def condition(kind: str, holds: bool) -> dict[str, str]:
    return {"type": kind, "status": str(holds)}


def with_times(status: dict[str, Any]) -> dict[str, Any]:
    changed = [each | {"lastTransitionTime": now()} for each in status["conditions"]]
    return status | {"conditions": changed}


def pod_folder(settings: Settings, uid: str) -> Path:
    return settings.folder / "nodes" / "pods" / uid


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
