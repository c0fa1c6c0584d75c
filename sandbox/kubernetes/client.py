"""The sandbox's own access to its Kubernetes API, as the administrator. No role uses it."""

import functools
from collections.abc import Iterable
from typing import Any

import kubernetes
import urllib3
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import NotFoundError

from sandbox.kubernetes.pki import Pki
from sandbox.settings import Settings

MANAGER = "notejam-sandbox"
# What a call raises while the API server is not there or still starting.
UNREACHABLE = (urllib3.exceptions.HTTPError, kubernetes.client.ApiException, OSError)
TIMEOUT = 10  # seconds


def api_client(settings: Settings) -> kubernetes.client.ApiClient:
    """A client of the `kubernetes` library with the administrator's certificate."""
    pki = Pki(settings)
    configuration = kubernetes.client.Configuration()
    configuration.host = f"https://{settings.address(1)}:6443"
    configuration.ssl_ca_cert = str(pki.certificate("ca"))
    configuration.cert_file = str(pki.certificate("admin"))
    configuration.key_file = str(pki.key("admin"))
    configuration.proxy = None  # the sandbox is never behind the environment's proxy
    configuration.retries = False
    return kubernetes.client.ApiClient(configuration)


@functools.lru_cache(maxsize=16)
def connected(settings: Settings, _authority_changed: int) -> DynamicClient:
    """A dynamic client that keeps its connections, and what it discovered of the API."""
    cache = settings.folder / "control-plane" / "discovery.json"
    return DynamicClient(api_client(settings), cache_file=str(cache))  # type: ignore[no-untyped-call]


class Client:
    """Applies, reads and deletes objects of any kind; raises what `UNREACHABLE` names, and API errors."""

    def __init__(self, settings: Settings) -> None:
        # Another cluster has another authority, and its client is another one.
        self.dynamic = connected(settings, Pki(settings).certificate("ca").stat().st_mtime_ns)

    def _resource(self, api_version: str, kind: str) -> Any:
        return self.dynamic.resources.get(api_version=api_version, kind=kind)

    def apply(self, manifests: Iterable[dict[str, Any]]) -> None:
        """Server-side apply, in the order given (https://kubernetes.io/docs/reference/using-api/server-side-apply/)."""
        for manifest in manifests:
            resource = self._resource(manifest["apiVersion"], manifest["kind"])
            metadata = manifest["metadata"]
            resource.server_side_apply(
                body=manifest,
                name=metadata["name"],
                namespace=metadata.get("namespace"),
                field_manager=MANAGER,
                force_conflicts=True,
                _request_timeout=TIMEOUT,
            )

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Any | None:
        """The object as a dict; None when there is none."""
        try:
            found = self._resource(api_version, kind).get(
                name=name, namespace=namespace, _request_timeout=TIMEOUT
            )
        except NotFoundError:
            return None
        return found.to_dict()

    def list(self, api_version: str, kind: str, **selectors: str) -> list[dict[str, Any]]:
        """All objects of the kind that the selectors (namespace, label_selector, field_selector) leave."""
        found = self._resource(api_version, kind).get(**selectors, _request_timeout=TIMEOUT)
        return [item.to_dict() for item in found.items]

    def delete(
        self, api_version: str, kind: str, name: str, namespace: str | None = None, **body: Any
    ) -> None:
        """Delete the object; nothing happens when there is none. `body` are DeleteOptions."""
        try:
            self._resource(api_version, kind).delete(
                name=name, namespace=namespace, body=body or None, _request_timeout=TIMEOUT
            )
        except NotFoundError:
            return

    def patch(self, api_version: str, kind: str, name: str, change: dict[str, Any]) -> None:
        """Merge `change` into an object without a namespace; a None removes what it stands for."""
        self._resource(api_version, kind).patch(
            body=change, name=name, content_type="application/merge-patch+json", _request_timeout=TIMEOUT
        )

    def evict(self, name: str, namespace: str) -> None:
        """Ask for the pod's eviction; an ApiException of status 429 says that a budget forbids it."""
        eviction = kubernetes.client.V1Eviction(
            metadata=kubernetes.client.V1ObjectMeta(name=name, namespace=namespace)
        )
        kubernetes.client.CoreV1Api(self.dynamic.client).create_namespaced_pod_eviction(
            name,
            namespace,
            eviction,
            _preload_content=False,
            _request_timeout=TIMEOUT,
        )
