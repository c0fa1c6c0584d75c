"""The kubelet of the virtual nodes: `python -m sandbox.kubernetes.pod_runner`.

Runs the pods of known images as processes of the host, and tells Kubernetes the truth of them: phase,
readiness and exit codes are the processes' own. Its processes end with it; they start again with it.
"""

import contextlib
import functools
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes

from sandbox.errors import SandboxError
from sandbox.image import release
from sandbox.kubernetes.client import TIMEOUT, UNREACHABLE, Client, api_client
from sandbox.kubernetes.follow import Key, follow
from sandbox.kubernetes.load_balancer import served_at_file
from sandbox.kubernetes.node import nodes
from sandbox.kubernetes.pod_environment import decoded
from sandbox.kubernetes.pod_process import PodProcess
from sandbox.kubernetes.virtual_images import LOOPBACK, VirtualImages, known
from sandbox.settings import Settings, write_private

log = logging.getLogger(__name__)

DONE = ("Succeeded", "Failed")
TOKEN_SECONDS = 7 * 24 * 3600


class PodRunner:
    """One `PodProcess` for every pod of a known image on a virtual node."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.api = api_client(settings)
        self.core: Any = kubernetes.client.CoreV1Api(self.api)
        self.client = Client(settings)
        self.images = VirtualImages(settings)
        self.pods: dict[str, PodProcess] = {}  # by uid
        self.changing = threading.Lock()

    def run(self) -> None:
        """Does not return. What Notejam needs is installed meanwhile; a failure shows at its first pod."""
        threading.Thread(target=self._prepare, daemon=True).start()
        follow(self.core.list_pod_for_all_namespaces, self._take)

    def _prepare(self) -> None:
        try:
            self.images.install_notejam(release())
        except SandboxError as error:
            log.warning("%s", error)

    def _take(self, changes: Mapping[Key, dict[str, Any] | None], whole: bool) -> None:
        own = {node.name for node in nodes(self.settings)}
        for name, pod in changes.items():
            if pod is None:
                self._end(functools.partial(is_named, name))
            elif pod["spec"].get("nodeName") in own and known(pod):
                self._pod(pod)
        if whole:
            there = {pod["metadata"]["uid"] for pod in changes.values() if pod}
            self._end(lambda each: each.uid not in there)

    def _pod(self, pod: dict[str, Any]) -> None:
        uid = pod["metadata"]["uid"]
        running = self.pods.get(uid)
        if pod["metadata"].get("deletionTimestamp"):
            if running:
                running.terminate(pod["metadata"].get("deletionGracePeriodSeconds", 30))
            else:
                self.delete(pod)
        elif running:
            running.observe(pod)
        elif pod.get("status", {}).get("phase") not in DONE:
            with self.changing:
                process = PodProcess(self, pod, self._free_address(pod))
                self.pods[uid] = process
            process.start()

    def _end(self, is_gone: Callable[[PodProcess], bool]) -> None:
        """Kill the processes of pods that were removed from the API without waiting for them."""
        for process in [each for each in self.pods.values() if is_gone(each)]:
            process.terminate(0)

    def _free_address(self, pod: dict[str, Any]) -> str:
        """An address for the pod to be known by; it is served on loopback, as `served_at_file` says."""
        if address := pod.get("status", {}).get("podIP"):
            return str(address)
        taken = {process.address for process in self.pods.values()}
        hosts = next(self.settings.pod_network.subnets(new_prefix=24)).hosts()
        return next(str(host) for host in hosts if str(host) not in taken)

    def read(self, kind: str, namespace: str, name: str) -> dict[str, str] | None:
        """A ConfigMap's or Secret's texts; None when there is none."""
        found = self.client.get("v1", kind, name, namespace)
        return decoded(found) if found else None

    def kubeconfig(self, pod: dict[str, Any], path: Path) -> Path:
        """Write a kubeconfig with a token of the pod's service account to `path`, which is returned."""
        metadata, account = pod["metadata"], pod["spec"].get("serviceAccountName", "default")
        answer = self.core.create_namespaced_service_account_token(
            account,
            metadata["namespace"],
            {"spec": {"expirationSeconds": TOKEN_SECONDS}},
            _preload_content=False,
            _request_timeout=TIMEOUT,
        )
        configuration = self.api.configuration
        cluster = {"server": configuration.host, "certificate-authority": configuration.ssl_ca_cert}
        context = {"cluster": "sandbox", "user": account, "namespace": metadata["namespace"]}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "sandbox", "cluster": cluster}],
            "users": [{"name": account, "user": {"token": json.loads(answer.data)["status"]["token"]}}],
            "contexts": [{"name": "sandbox", "context": context}],
            "current-context": "sandbox",
        }
        write_private(path, json.dumps(document))
        return path

    def report(self, pod: dict[str, Any], status: dict[str, Any]) -> None:
        """Write the pod's status; while the API server is away, or the pod is gone, nothing happens."""
        metadata = pod["metadata"]
        with logged(f"The status of {metadata['namespace']}/{metadata['name']}"):
            self.core.patch_namespaced_pod_status(
                metadata["name"],
                metadata["namespace"],
                {"metadata": {"uid": metadata["uid"]}, "status": status},
                _preload_content=False,
                _request_timeout=TIMEOUT,
            )

    def delete(self, pod: dict[str, Any]) -> None:
        """Take the pod, whose processes have ended, out of the API."""
        metadata = pod["metadata"]
        with logged(f"The deletion of {metadata['namespace']}/{metadata['name']}"):
            self.core.delete_namespaced_pod(
                metadata["name"],
                metadata["namespace"],
                body={"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}},
                _preload_content=False,
                _request_timeout=TIMEOUT,
            )

    def forget(self, process: PodProcess) -> None:
        with self.changing:
            self.pods.pop(process.uid, None)
        self.publish()

    def publish(self) -> None:
        """Tell the load balancer where the pods' addresses are really served."""
        with self.changing:
            served = {
                f"{process.address}:{port}": f"{LOOPBACK}:{real}"
                for process in self.pods.values()
                for port, real in process.ports.items()
            }
            path = served_at_file(self.settings)
            new = path.with_suffix(".new")
            new.write_text(json.dumps(served, indent=2))
            os.replace(new, path)


@contextlib.contextmanager
def logged(what: str) -> Iterator[None]:
    """Log what `UNREACHABLE` names instead of raising it: the pod may be gone, or the API server away."""
    try:
        yield
    except UNREACHABLE as error:
        log.info("%s was not written: %s", what, type(error).__name__)


def is_named(name: Key, process: PodProcess) -> bool:
    return process.key == name


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    PodRunner(Settings.load()).run()


if __name__ == "__main__":
    main()
