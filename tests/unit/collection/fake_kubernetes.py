"""A Kubernetes API server in memory: discovery, reads, applies, dry runs, merge patches and deletions."""

from __future__ import annotations

import copy
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]
Kinds = dict[str, list[tuple[str, str, bool]]]
KINDS: Kinds = {
    "/api/v1": [
        ("Namespace", "namespaces", False),
        ("ConfigMap", "configmaps", True),
        ("Secret", "secrets", True),
    ],
    "/apis/apps/v1": [("Deployment", "deployments", True)],
    "/apis/apiextensions.k8s.io/v1": [("CustomResourceDefinition", "customresourcedefinitions", False)],
    "/apis/source.toolkit.fluxcd.io/v1": [("GitRepository", "gitrepositories", True)],
    "/apis/kustomize.toolkit.fluxcd.io/v1": [("Kustomization", "kustomizations", True)],
}
NAMESPACED = re.compile(r"/namespaces/([^/]+)/")
TOKEN = "a-token"


class FakeKubernetes:
    """`objects` by path. `changed`, when set, is called with each path and object that is written."""

    def __init__(self, folder: Path) -> None:
        self.kinds = copy.deepcopy(KINDS)
        self.objects: dict[str, Object] = {}
        self.writes: list[str] = []
        self.deletions: list[str] = []
        self.refusal: tuple[int, str] | None = None
        self.changed: Callable[[str, Object], None] = lambda _path, _found: None
        self._versions = iter(range(1, 1_000_000))
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.answer(*api.read(urlsplit(self.path).path, self.headers))

            def do_PATCH(self) -> None:
                url, length = urlsplit(self.path), int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length))
                self.answer(*api.write(url.path, parse_qs(url.query), body, self.headers))

            def do_DELETE(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(*api.delete(self.path, self.headers))

            def answer(self, status: int, body: Object) -> None:
                data = (body["text"] if body.keys() == {"text"} else json.dumps(body)).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "c", "cluster": {"server": self.host}}],
                    "users": [{"name": "u", "user": {"token": TOKEN}}],
                    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                    "current-context": "x",
                }
            )
        )
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def put(self, path: str, found: Object) -> None:
        """Have an object, as a controller would write it."""
        found["metadata"] = {"resourceVersion": str(next(self._versions)), **found.get("metadata", {})}
        self.objects[path] = found

    def read(self, path: str, headers: Any) -> tuple[int, Object]:
        if refused := self._refused(headers):
            return refused
        if path in self.kinds:
            named = [{"kind": k, "name": n, "namespaced": s} for k, n, s in self.kinds[path]]
            return 200, {"kind": "APIResourceList", "resources": named}
        collection, _, plural = path.rpartition("/")
        plurals = [name for _kind, name, _namespaced in self.kinds.get(collection, [])]
        if plural in plurals and path not in self.objects:
            listed = re.compile(rf"{re.escape(collection)}(/namespaces/[^/]+)?/{plural}/[^/]+")
            items = [found for place, found in self.objects.items() if listed.fullmatch(place)]
            return 200, {"kind": "List", "items": items}
        found = self.objects.get(path)
        return (200, found) if found else (404, {"kind": "Status", "message": f"{path} not found"})

    def write(self, path: str, query: dict[str, list[str]], body: Object, headers: Any) -> tuple[int, Object]:
        if refused := self._refused(headers):
            return refused
        namespace = NAMESPACED.search(path)
        if namespace and f"/api/v1/namespaces/{namespace[1]}" not in self.objects:
            return 404, {"kind": "Status", "message": f'namespaces "{namespace[1]}" not found'}
        before = self.objects.get(path, {})
        after = merged(before, body)
        if after != before:
            after["metadata"] = {
                **after["metadata"],
                "resourceVersion": str(next(self._versions)),
                "generation": after["metadata"].get("generation", 0) + 1,
                "managedFields": [{"manager": query.get("fieldManager", ["?"])[0]}],
            }
        if "dryRun" not in query:
            self.writes.append(path)
            self.objects[path] = after
            self._serve(after)
            self.changed(path, after)
        return 200, after

    def delete(self, path: str, headers: Any) -> tuple[int, Object]:
        """Gone at once, or when `changed` has taken the last finalizer away."""
        if refused := self._refused(headers):
            return refused
        found = self.objects.get(path)
        if found is None:
            return 404, {"kind": "Status", "message": f"{path} not found"}
        self.deletions.append(path)
        if found["metadata"].get("finalizers"):
            found["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
            self.changed(path, found)
        if not found["metadata"].get("finalizers"):
            self.objects.pop(path, None)
            if path.startswith("/api/v1/namespaces/"):
                name = path.removeprefix("/api/v1/namespaces/")
                for inside in [place for place in self.objects if f"/namespaces/{name}/" in place]:
                    del self.objects[inside]
        return 200, {"kind": "Status", "status": "Success"}

    def _refused(self, headers: Any) -> tuple[int, Object] | None:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"kind": "Status", "message": "Unauthorized"}
        if self.refusal:
            return self.refusal[0], {"kind": "Status", "message": self.refusal[1]}
        return None

    def _serve(self, found: Object) -> None:
        """Serve a kind that is defined now."""
        if found["kind"] == "CustomResourceDefinition":
            spec = found["spec"]
            path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}"
            named = (spec["names"]["kind"], spec["names"]["plural"], spec["scope"] == "Namespaced")
            self.kinds.setdefault(path, []).append(named)
            found["status"] = {"conditions": [{"type": "Established", "status": "True"}]}


def merged(before: Any, patch: Any) -> Any:
    if not isinstance(before, dict) or not isinstance(patch, dict):
        return copy.deepcopy(patch)
    return {**before, **{key: merged(before.get(key), value) for key, value in patch.items()}}
