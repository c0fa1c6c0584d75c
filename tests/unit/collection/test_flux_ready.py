"""Following Flux: its objects as its controllers write them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.notejam.platform.plugins.module_utils import flux

from .fake_kubernetes import FakeKubernetes
from .modules import Run, run_module

OLD, NEW, NEWER = "main@sha1:aaa", "main@sha1:bbb", "main@sha1:ccc"
FLUX = "/apis/{group}.toolkit.fluxcd.io/v1/namespaces/flux-system/{plural}/{name}"
SOURCE = FLUX.format(group="source", plural="gitrepositories", name="operations")


class Flux:
    """Writes what the controllers would write; `step()` is called each time that the module waits."""

    def __init__(self, kubernetes: FakeKubernetes) -> None:
        self.kubernetes = kubernetes
        self.steps: list[Any] = []

    def path(self, name: str) -> str:
        if name == "operations":
            return SOURCE
        return FLUX.format(group="kustomize", plural="kustomizations", name=name)

    def requested(self, name: str) -> str:
        metadata = self.kubernetes.objects.get(self.path(name), {}).get("metadata", {})
        return str(metadata.get("annotations", {}).get("reconcile.fluxcd.io/requestedAt", ""))

    def write(
        self, name: str, ready: str, revision: str, reason: str = "Succeeded", message: str = "", **spec: Any
    ) -> None:
        """The object as its controller leaves it when it has handled what was asked of it."""
        before = self.kubernetes.objects.get(self.path(name), {"metadata": {"name": name}})
        time = f"2026-11-23T04:00:{len(self.steps):02}Z"
        conditions = [
            {
                "type": "Ready",
                "status": ready,
                "reason": reason,
                "message": message,
                "lastTransitionTime": time,
            }
        ]
        status = {
            "observedGeneration": 1,
            "conditions": conditions,
            "lastAttemptedRevision": revision,
            "lastHandledReconcileAt": self.requested(name),
        }
        if ready == "True":
            status |= {"lastAppliedRevision": revision, "artifact": {"revision": revision}}
        kind = "GitRepository" if name == "operations" else "Kustomization"
        metadata = {**before["metadata"], "generation": 1}
        found = {"kind": kind, "metadata": metadata, "spec": spec, "status": status}
        self.kubernetes.put(self.path(name), found)

    def step(self, _seconds: float) -> None:
        assert self.steps, "waits for something that does not come"
        self.steps.pop(0)()


@pytest.fixture
def controllers(kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch) -> Flux:
    kubernetes.put("/api/v1/namespaces/flux-system", {"kind": "Namespace", "metadata": {}})
    controllers = Flux(kubernetes)
    monkeypatch.setattr(flux.time, "sleep", controllers.step)
    return controllers


def wait(controllers: Flux, check_mode: bool = False, **options: Any) -> Run:
    return run_module(
        "flux_ready",
        check_mode,
        kubeconfig=str(controllers.kubernetes.kubeconfig),
        source="operations",
        **{"revision": NEW, "kustomizations": ["web"], **options},
    )


def test_what_is_ready_is_left_alone(controllers: Flux) -> None:
    controllers.write("operations", "True", NEW)
    controllers.write("web", "True", NEW)
    run = wait(controllers)
    assert not run.changed
    assert run.result["revision"] == NEW
    assert controllers.kubernetes.writes == []


def test_a_new_revision_is_fetched_at_once_and_followed(controllers: Flux) -> None:
    controllers.write("operations", "True", OLD)
    controllers.write("web", "True", OLD)
    controllers.steps = [
        lambda: controllers.write("operations", "True", NEW),
        lambda: controllers.write("web", "Unknown", NEW, "Progressing"),
        lambda: controllers.write("web", "True", NEW),
    ]
    run = wait(controllers)
    assert [each["revision"] for each in run.result["objects"]] == [NEW, NEW]
    assert controllers.kubernetes.writes == [SOURCE]


def test_a_revision_that_somebody_pushed_on_top_counts(controllers: Flux) -> None:
    controllers.write("operations", "True", OLD)
    controllers.write("web", "True", NEWER)
    controllers.steps = [lambda: controllers.write("operations", "True", NEWER)]
    assert wait(controllers).result["revision"] == NEWER


def test_objects_that_are_still_to_be_made_are_waited_for(controllers: Flux) -> None:
    controllers.write("operations", "True", NEW)
    controllers.steps = [lambda: controllers.write("web", "True", NEW)]
    assert wait(controllers).result["objects"][1]["ready"]


def test_a_dependency_that_became_ready_is_not_waited_for_twice(controllers: Flux) -> None:
    controllers.write("operations", "True", NEW)
    controllers.write(
        "web", "False", OLD, "DependencyNotReady", "dependency 'flux-system/migrations' is not ready"
    )
    controllers.steps = [lambda: controllers.write("web", "True", NEW)]
    wait(controllers)
    assert controllers.kubernetes.writes == [controllers.path("web")]


@pytest.mark.parametrize("reason", ["BuildFailed", "HealthCheckFailed", "ReconciliationFailed"])
def test_a_failure_ends_the_wait_with_fluxs_own_message(controllers: Flux, reason: str) -> None:
    controllers.write("operations", "True", NEW)
    controllers.write("web", "True", OLD)
    message = "failed early due to stalled resources: [Job/notejam/notejam-migrations status: 'Failed']"
    controllers.steps = [lambda: controllers.write("web", "False", NEW, reason, message)]
    said = wait(controllers).result["msg"]
    assert f"Kustomization flux-system/web failed ({reason}): {message}" in said
    assert "kubectl --namespace flux-system describe kustomization web" in said
    assert "kubectl --namespace notejam logs job/notejam-migrations" in said


def test_a_failure_of_the_last_revision_does_not_count(controllers: Flux) -> None:
    controllers.write("operations", "True", NEW)
    controllers.write("web", "False", OLD, "BuildFailed", "old")
    controllers.steps = [lambda: controllers.write("web", "True", NEW)]
    assert wait(controllers).result["objects"][1]["ready"]


def test_an_earlier_failure_of_this_revision_is_tried_once_more(controllers: Flux) -> None:
    controllers.write("operations", "True", NEW)
    controllers.write("web", "False", NEW, "HealthCheckFailed", "the image is missing")
    controllers.steps = [lambda: controllers.write("web", "True", NEW)]
    assert wait(controllers).result["objects"][1]["ready"]

    controllers.write("web", "False", NEW, "HealthCheckFailed", "the image is missing")
    controllers.steps = [lambda: controllers.write("web", "False", NEW, "HealthCheckFailed", "still missing")]
    assert "still missing" in wait(controllers).result["msg"]


def test_changed_variables_are_applied_to_what_is_ready(controllers: Flux) -> None:
    controllers.write("operations", "True", NEW)
    controllers.write("web", "True", NEW)
    controllers.steps = [lambda: controllers.write("web", "True", NEW)]
    wait(controllers, reconcile=True)
    assert controllers.kubernetes.writes == [controllers.path("web")]


def test_a_source_that_cannot_be_fetched_ends_the_wait(controllers: Flux) -> None:
    controllers.write("operations", "True", OLD)
    controllers.steps = [
        lambda: controllers.write("operations", "False", OLD, "GitOperationFailed", "authentication required")
    ]
    said = wait(controllers).result["msg"]
    assert "GitRepository flux-system/operations failed" in said
    assert "authentication required" in said


@pytest.mark.parametrize(("name", "command"), [("operations", "source git"), ("web", "kustomization")])
def test_what_is_suspended_says_how_to_resume_it(controllers: Flux, name: str, command: str) -> None:
    controllers.write("operations", "True", NEW)
    controllers.write("web", "True", OLD)
    controllers.write(name, "True", OLD if name == "web" else NEW, suspend=True)
    assert f"flux resume {command} {name}" in wait(controllers).result["msg"]


def test_time_that_is_up_says_how_far_it_got(controllers: Flux) -> None:
    controllers.write("operations", "True", NEW)
    controllers.write("web", "Unknown", NEW, "Progressing", "Running health checks")
    said = wait(controllers, wait_timeout=0).result["msg"]
    assert "Running health checks" in said
    assert "`wait_timeout`" in said


def test_check_mode_reports_and_does_not_wait(controllers: Flux) -> None:
    run = wait(controllers, check_mode=True)
    assert [each["ready"] for each in run.result["objects"]] == [False, False]
    assert controllers.kubernetes.writes == []
