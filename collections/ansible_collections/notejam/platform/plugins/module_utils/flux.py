# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Following what Flux makes of a Git revision: its source fetched, its Kustomizations applied and healthy.

The conditions are those of https://fluxcd.io/flux/components/kustomize/kustomizations/#conditions.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_cluster import (
    Cluster,
    KubernetesError,
    Object,
)

SOURCE_API = "source.toolkit.fluxcd.io/v1"
KUSTOMIZE_API = "kustomize.toolkit.fluxcd.io/v1"
REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"
# Reasons of a Ready condition that is False only for now: Flux goes on by itself.
PASSING = {
    "DependencyNotReady",
    "ArtifactFailed",
    "HealthCheckCanceled",
    "Progressing",
    "ProgressingWithRetry",
}
UNHEALTHY = re.compile(r"(?P<kind>[A-Z]\w+)/(?P<namespace>[\w.-]+)/(?P<name>[\w.-]+) status")
POLL = 0.5  # seconds


class Reconciled:
    """One Flux object on its way to a revision."""

    def __init__(self, cluster: Cluster, api_version: str, kind: str, namespace: str, name: str) -> None:
        self._cluster = cluster
        self.kind, self.namespace, self.name = kind, namespace, name
        self._definition = {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {"namespace": namespace, "name": name},
        }
        self._token = ""
        self._found: Object = {}

    @property
    def title(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    def refresh(self) -> bool:
        """Read the object again; whether it exists."""
        self._found = self._cluster.read(self._definition) or {}
        return bool(self._found)

    def request(self) -> None:
        """Ask for a reconciliation now, as `flux reconcile` does."""
        self._token = uuid.uuid4().hex
        self._cluster.annotate(self._definition, {REQUESTED_AT: self._token})

    @property
    def requested(self) -> bool:
        return bool(self._token)

    @property
    def handled(self) -> bool:
        """Whether the reconciliation asked for has ended."""
        return self.requested and self._status.get("lastHandledReconcileAt") == self._token

    @property
    def idle(self) -> bool:
        """Whether no reconciliation that was asked for is still to end."""
        return self.handled or not self.requested

    @property
    def _status(self) -> dict[str, Any]:
        return self._found.get("status") or {}

    @property
    def _ready(self) -> dict[str, Any]:
        conditions = self._status.get("conditions") or []
        return next((each for each in conditions if each["type"] == "Ready"), {})

    @property
    def is_ready(self) -> bool:
        seen = self._status.get("observedGeneration") == self._found.get("metadata", {}).get("generation", 0)
        return seen and self._ready.get("status") == "True"

    @property
    def has_failed(self) -> bool:
        return self._ready.get("status") == "False" and self.reason not in PASSING

    @property
    def reason(self) -> str:
        return str(self._ready.get("reason", ""))

    @property
    def message(self) -> str:
        """Flux's own words."""
        return str(
            self._ready.get("message") or ("not seen by Flux yet" if self._found else "does not exist")
        )

    @property
    def revision(self) -> str:
        """The revision that is fetched or applied."""
        artifact = self._status.get("artifact") or {}
        return str(artifact.get("revision") or self._status.get("lastAppliedRevision") or "")

    @property
    def attempted_revision(self) -> str:
        return str(self._status.get("lastAttemptedRevision", ""))

    @property
    def failed_at(self) -> tuple[Any, ...]:
        """Tells one failure from the next."""
        return self._ready.get("lastTransitionTime"), self.attempted_revision, self.message

    def refuse_suspended(self) -> None:
        if self._found.get("spec", {}).get("suspend"):
            raise KubernetesError(
                f"{self.title} is suspended, so Flux does nothing with it. "
                f"Resume it: flux resume {self._command_kind} {self.name} --namespace {self.namespace}"
            )

    def fail(self) -> None:
        raise KubernetesError(
            f"{self.title} failed ({self.reason}): {self.message}. Look at: {self.how_to_look()}"
        )

    def how_to_look(self) -> str:
        """Commands that show more."""
        about = [f"kubectl --namespace {self.namespace} describe {self.kind.lower()} {self.name}"]
        for unhealthy in UNHEALTHY.finditer(self.message):
            kind, namespace, name = unhealthy.group("kind", "namespace", "name")
            about.append(f"kubectl --namespace {namespace} describe {kind.lower()} {name}")
            if kind in ("Job", "Deployment", "StatefulSet", "DaemonSet"):
                about.append(f"kubectl --namespace {namespace} logs {kind.lower()}/{name} --all-containers")
        return "; ".join(about)

    @property
    def _command_kind(self) -> str:
        return "source git" if self.kind == "GitRepository" else self.kind.lower()


def follow_source(source: Reconciled, revision: str, deadline: float) -> str:
    """Return what is fetched once it holds `revision`: that one, or one pushed on top of it since.

    Without a revision, it is what the repository has now.
    """
    while True:
        if source.refresh():
            source.refuse_suspended()
        if source.is_ready and (source.revision == revision or source.handled):
            return source.revision
        if source.handled and source.has_failed:
            source.fail()
        if not source.requested and source.revision != revision:
            source.request()
        wait(source, f"fetched {revision or 'what there is'}", deadline)


def follow_kustomization(kustomization: Reconciled, revision: str, again: bool, deadline: float) -> None:
    """Return once the Kustomization has applied the revision and what it applied is healthy.

    Raises KubernetesError as soon as Flux reports a failure of this revision. A failure that was there
    before may be mended by now, so it is tried once more first. `again` reconciles what is ready, too.
    """
    kustomization.refresh()
    old_failure = kustomization.failed_at
    if again or (kustomization.has_failed and kustomization.attempted_revision == revision):
        kustomization.request()
    while True:
        if kustomization.refresh():
            kustomization.refuse_suspended()
        applied = kustomization.is_ready and kustomization.revision == revision
        if applied and (kustomization.handled or not again):
            return
        new_failure = kustomization.failed_at != old_failure and kustomization.attempted_revision == revision
        if kustomization.has_failed and (new_failure or kustomization.handled):
            kustomization.fail()
        # Flux looks at its dependencies again only after 30 s; those before this one are ready by now.
        if kustomization.reason == "DependencyNotReady" and kustomization.idle:
            kustomization.request()
        wait(kustomization, f"applied {revision}", deadline)


def wait(awaited: Reconciled, what: str, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise KubernetesError(
            f"{awaited.title} has not {what} in time (`wait_timeout`). Flux says: {awaited.message}. "
            f"Look at: {awaited.how_to_look()}"
        )
    time.sleep(POLL)
