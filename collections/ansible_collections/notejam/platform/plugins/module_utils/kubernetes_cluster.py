# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Objects of a Kubernetes cluster, read and applied one request each.

Discovery asks only for the API groups in question and keeps no file, so a cluster made anew or a definition
applied a moment ago is never mistaken for another one.
"""

from __future__ import annotations

import base64
import copy
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

try:
    import yaml
    from botocore.exceptions import BotoCoreError
    from kubernetes import config
    from kubernetes.client.exceptions import ApiException
    from kubernetes.dynamic import DynamicClient
    from kubernetes.dynamic.exceptions import NotFoundError
    from urllib3.exceptions import HTTPError

    MISSING_LIBRARY = ""
except ImportError as missing:
    MISSING_LIBRARY = str(missing)

from ansible_collections.notejam.platform.plugins.module_utils.eks_token import LIFETIME, with_tokens

Object = dict[str, Any]
CONNECT_TIMEOUT, READ_TIMEOUT = 10, 60  # seconds
# https://kubernetes.io/docs/reference/using-api/server-side-apply/#comparison-with-client-side-apply
APPLY_PATCH, MERGE_PATCH = "application/apply-patch+yaml", "application/merge-patch+json"
# What the API server keeps for itself: it differs from one write to the next, whatever is declared.
BOOKKEEPING = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")

CONNECTION_ARGUMENTS: dict[str, dict[str, Any]] = {
    "kubeconfig": {"type": "path", "required": True},
    "host": {"type": "str"},
}


class KubernetesError(Exception):
    """The API server refused, or could not be reached; the message says which, and what to do."""


def require_libraries() -> None:
    """Raises KubernetesError when one of the Python libraries is missing."""
    if MISSING_LIBRARY:
        raise KubernetesError(
            f"{MISSING_LIBRARY}. Install what uv.lock pins (uv sync) and run ansible-playbook from that "
            "environment."
        )


class Kind(NamedTuple):
    """Where objects of a kind are: the path of its API version, its plural, whether it is namespaced."""

    api: str
    plural: str
    namespaced: bool

    def path(self, name: str, namespace: str | None) -> str:
        within = f"/namespaces/{namespace or 'default'}" if self.namespaced else ""
        return f"{self.api}{within}/{self.plural}/{name}"


class Cluster:
    """A connection as the user of `kubeconfig`, to `host` if given and else to the kubeconfig's server."""

    def __init__(self, kubeconfig: str, host: str | None = None) -> None:
        require_libraries()
        if not Path(kubeconfig).is_file():
            raise KubernetesError(
                f"There is no kubeconfig {kubeconfig} (`kubeconfig`): the role `cluster` writes it; "
                "run it first, with --tags cluster."
            )
        self._kubeconfig = kubeconfig
        self._host = host
        self._kinds: dict[str, dict[str, Kind]] = {}
        self._connect()

    def _connect(self) -> None:
        try:
            settings = with_tokens(yaml.safe_load(Path(self._kubeconfig).read_text(encoding="utf-8")))
            client = config.new_client_from_config_dict(settings, persist_config=False)
        except (config.ConfigException, yaml.YAMLError, BotoCoreError, AttributeError, TypeError) as error:
            raise KubernetesError(f"The kubeconfig {self._kubeconfig} cannot be used: {error}") from error
        if self._host:
            client.configuration.host = self._host.rstrip("/")
        self.host = client.configuration.host
        self._client = DynamicClient(client, discoverer=lambda _client, _cache_file: None)
        self._renewal = time.monotonic() + LIFETIME / 2

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """The object; None when there is none, or its kind is not known to the cluster."""
        found = self._kind(api_version, kind)
        return self._request("get", found.path(name, namespace)) if found else None

    def read(self, definition: Object) -> Object | None:
        """The object of this definition as it is in the cluster."""
        metadata = definition["metadata"]
        return self.get(
            definition["apiVersion"], definition["kind"], metadata["name"], metadata.get("namespace")
        )

    def metrics(self) -> str:
        """The API server's metrics, as Prometheus reads them."""
        return (self._send("get", "/metrics") or b"").decode()

    def apply(self, definition: Object, field_manager: str, dry_run: bool = False) -> Object:
        """Apply the definition on the server's side, and return the object as it is then.

        A dry run tells what the API server would make of it. Where the kind or the namespace is only to be
        made, nobody can tell more than the definition itself.
        """
        kind = self._kind(definition["apiVersion"], definition["kind"])
        metadata = definition["metadata"]
        if kind is None:
            if dry_run:
                return definition
            raise KubernetesError(
                f"{describe(definition)}: {self.host} knows no kind {definition['kind']} of "
                f"{definition['apiVersion']}. Apply its CustomResourceDefinition first."
            )
        query = [("fieldManager", field_manager), ("force", "true")] + [("dryRun", "All")] * dry_run
        path = kind.path(metadata["name"], metadata.get("namespace"))
        applied = self._request("patch", path, definition, APPLY_PATCH, query)
        if applied is None and not dry_run:
            raise KubernetesError(
                f"{describe(definition)}: there is no namespace {metadata.get('namespace')}."
            )
        return applied or definition

    def every(self, api_version: str, kind: str) -> list[Object]:
        """Every object of the kind, in all namespaces; none where the cluster does not know the kind."""
        found = self._kind(api_version, kind)
        if found is None:
            return []
        items = (self._request("get", f"{found.api}/{found.plural}") or {}).get("items") or []
        # The objects of a list do not say what they are.
        return [{**each, "apiVersion": api_version, "kind": kind} for each in items]

    def merge(self, definition: Object, change: Object) -> None:
        """Change an object by a merge patch, if it exists."""
        if kind := self._kind(definition["apiVersion"], definition["kind"]):
            metadata = definition["metadata"]
            self._request(
                "patch", kind.path(metadata["name"], metadata.get("namespace")), change, MERGE_PATCH
            )

    def delete(self, definition: Object) -> None:
        """Ask for an object's deletion, with what it owns, if it exists; finalizers may hold it a while."""
        if kind := self._kind(definition["apiVersion"], definition["kind"]):
            metadata = definition["metadata"]
            options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
            self._request("delete", kind.path(metadata["name"], metadata.get("namespace")), options)

    def annotate(self, definition: Object, annotations: Mapping[str, str]) -> None:
        """Set annotations of an object that exists."""
        self.merge(definition, {"metadata": {"annotations": dict(annotations)}})

    def _kind(self, api_version: str, kind: str) -> Kind | None:
        known = self._kinds.get(api_version, {})
        if kind not in known:
            # https://kubernetes.io/docs/reference/using-api/api-concepts/#discovery-api
            api = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
            resources = (self._request("get", api) or {}).get("resources", [])
            known = {
                each["kind"]: Kind(api, each["name"], each["namespaced"])
                for each in resources
                if "/" not in each["name"]
            }
            self._kinds[api_version] = known
        return known.get(kind)

    def _request(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        content_type: str = "application/json",
        query: list[tuple[str, str]] | None = None,
    ) -> Object | None:
        """The JSON of an answer; None when there is nothing at the path."""
        answer = self._send(method, path, body, content_type, query)
        return None if answer is None else json.loads(answer)

    def _send(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        content_type: str = "application/json",
        query: list[tuple[str, str]] | None = None,
    ) -> bytes | None:
        if time.monotonic() > self._renewal:
            self._connect()
        try:
            answer = self._client.request(
                method,
                path,
                body=body,
                content_type=content_type,
                query_params=query or [],
                serialize=False,
                _request_timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            )
        except NotFoundError:
            return None
        except ApiException as error:
            raise KubernetesError(self._refusal(error, body)) from None
        except HTTPError as error:
            raise KubernetesError(
                f"Cannot reach the Kubernetes API at {self.host} (kubeconfig {self._kubeconfig}): {error}. "
                "Check that the cluster is up and that this machine may reach its endpoint."
            ) from None
        return bytes(answer.data)

    def _refusal(self, error: ApiException, body: Object | None) -> str:
        about = f"{describe(body)}: " if body and "kind" in body else ""
        try:
            said = json.loads(error.body or "")["message"]
        except (TypeError, ValueError, KeyError):
            said = error.reason
        if error.status == 401:
            return (
                f"{about}The Kubernetes API at {self.host} does not know this user. The kubeconfig "
                f"{self._kubeconfig} asks `aws eks get-token`: check the AWS credentials, and that the "
                "cluster has an access entry for them."
            )
        return f"{about}the Kubernetes API at {self.host} answered {error.status}: {said}"


def describe(definition: Object) -> str:
    """The object's kind, namespace and name, as messages write it."""
    metadata = definition.get("metadata", {})
    place = "/".join(filter(None, (metadata.get("namespace"), metadata.get("name"))))
    return f"{definition.get('kind')} {place}"


def visible(found: Object | None) -> Object:
    """What a person declares of an object: without status, bookkeeping and the values of a Secret."""
    if found is None:
        return {}
    shown = {key: value for key, value in copy.deepcopy(found).items() if key != "status"}
    for key in BOOKKEEPING:
        shown["metadata"].pop(key, None)
    if shown["kind"] == "Secret":
        shown = {**shown, "data": dict.fromkeys(secret_values(shown), "(secret)")}
        shown.pop("stringData", None)
    return shown


def secret_values(secret: Object | None) -> dict[str, bytes]:
    """The values of a Secret, decoded."""
    secret = secret or {}
    values = {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}
    return values | {key: str(value).encode() for key, value in (secret.get("stringData") or {}).items()}


def differs(before: Object | None, after: Object) -> bool:
    """Whether the two say different things, a Secret's values included."""
    return visible(before) != visible(after) or secret_values_differ(before, after)


def secret_values_differ(before: Object | None, after: Object) -> bool:
    return after["kind"] == "Secret" and secret_values(before) != secret_values(after)
