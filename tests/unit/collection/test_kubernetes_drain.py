"""Draining a cluster: Flux is suspended before what its controllers made goes, and what stays is told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.notejam.platform.plugins.modules import kubernetes_drain

from .fake_kubernetes import FakeKubernetes
from .modules import Run, run_module

KINDS = {
    "/api/v1": [
        ("Namespace", "namespaces", False),
        ("PersistentVolume", "persistentvolumes", False),
        ("PersistentVolumeClaim", "persistentvolumeclaims", True),
        ("Pod", "pods", True),
        ("Service", "services", True),
    ],
    "/apis/apps/v1": [("Deployment", "deployments", True), ("StatefulSet", "statefulsets", True)],
    "/apis/networking.k8s.io/v1": [("Ingress", "ingresses", True)],
    "/apis/kustomize.toolkit.fluxcd.io/v1": [("Kustomization", "kustomizations", True)],
}
FLUX = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/services"
INGRESS = "/apis/networking.k8s.io/v1/namespaces/notejam/ingresses/notejam"
BALANCED = "/api/v1/namespaces/notejam/services/balanced"
INTERNAL = "/api/v1/namespaces/notejam/services/internal"
DATABASE = "/apis/apps/v1/namespaces/monitoring/statefulsets/metrics"
WEB = "/apis/apps/v1/namespaces/notejam/deployments/web"
CLAIM = "/api/v1/namespaces/monitoring/persistentvolumeclaims/metrics"
VOLUME = "/api/v1/persistentvolumes/metrics"
RETAINED = "/api/v1/persistentvolumes/retained"


@pytest.fixture
def api(kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch) -> FakeKubernetes:
    """A cluster with one of each, whose controllers work."""
    monkeypatch.setattr(kubernetes_drain, "POLL", 0)
    kubernetes.kinds = {**KINDS}
    finalizers = ["ingress.k8s.aws/resources"]
    claimed = {"volumes": [{"persistentVolumeClaim": {"claimName": "metrics"}}]}
    volume = {"persistentVolumeReclaimPolicy": "Delete", "claimRef": {"namespace": "monitoring"}}
    objects: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "/api/v1/namespaces/notejam": ({}, {}),
        "/api/v1/namespaces/monitoring": ({}, {}),
        "/api/v1/namespaces/flux-system": ({}, {}),
        FLUX: ({}, {"prune": True}),
        INGRESS: ({"finalizers": finalizers}, {}),
        BALANCED: ({}, {"type": "LoadBalancer"}),
        INTERNAL: ({}, {"type": "ClusterIP"}),
        DATABASE: ({}, {"volumeClaimTemplates": [{}], "template": {"spec": claimed}}),
        WEB: ({}, {"template": {"spec": {"volumes": [{"emptyDir": {}}]}}}),
        CLAIM: ({}, {}),
        VOLUME: ({}, volume),
        RETAINED: ({}, {**volume, "persistentVolumeReclaimPolicy": "Retain"}),
    }
    for path, (metadata, spec) in objects.items():
        *_begin, plural, name = path.split("/")
        namespace = {"namespace": path.split("/")[-3]} if path.count("/namespaces/") and _begin[-2:] else {}
        found = {"metadata": {"name": name, **(namespace if plural != "namespaces" else {}), **metadata}}
        kubernetes.put(path, {**found, "spec": spec, "kind": plural})

    def controllers(path: str, found: dict[str, Any]) -> None:
        """They remove what they made, and let go; nothing is left to Flux, which would bring it back."""
        if found["metadata"].get("deletionTimestamp"):
            assert kubernetes.objects[FLUX]["spec"]["suspend"] is True
            found["metadata"]["finalizers"] = []

    kubernetes.changed = controllers
    read = kubernetes.read

    def driver(path: str, headers: Any) -> tuple[int, dict[str, Any]]:
        """A volume that nobody claims goes a while later."""
        answer = read(path, headers)
        if path.endswith("/persistentvolumes") and CLAIM not in kubernetes.objects:
            kubernetes.objects.pop(VOLUME, None)
        return answer

    monkeypatch.setattr(kubernetes, "read", driver)
    return kubernetes


def run(api: FakeKubernetes, check_mode: bool = False, **options: Any) -> Run:
    given = {"kubeconfig": str(api.kubeconfig), "wait_timeout": 10, **options}
    return run_module("kubernetes_drain", check_mode, **given)


def drain(api: FakeKubernetes, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    return run(api, check_mode, **options).result


def test_what_controllers_made_goes_and_nothing_else(api: FakeKubernetes) -> None:
    planned = drain(api, check_mode=True)
    assert api.deletions == []
    assert api.writes == []
    done = drain(api)
    assert done["changed"]
    assert done["suspended"] == ["Kustomization flux-system/services"] == planned["suspended"]
    assert set(planned["deleted"]) < set(done["deleted"])
    assert set(api.deletions) == {INGRESS, BALANCED, DATABASE, CLAIM}
    assert "PersistentVolume metrics" in done["deleted"]
    assert {INTERNAL, WEB, RETAINED, FLUX} <= api.objects.keys()
    assert done["remaining"] == []
    for check_mode in (True, False):
        again = drain(api, check_mode)
        assert not again["changed"]
        assert again["deleted"] == again["suspended"] == []


def test_only_one_namespace_goes_as_a_whole(api: FakeKubernetes) -> None:
    done = drain(api, namespaces=["notejam"], delete_namespaces=True)
    assert done["deleted"][-1] == "Namespace notejam"
    assert WEB not in api.objects
    assert "/api/v1/namespaces/notejam" not in api.objects
    assert {DATABASE, CLAIM, VOLUME} <= api.objects.keys()


def test_flux_goes_with_its_namespace_after_its_own_objects(api: FakeKubernetes) -> None:
    drain(api, namespaces=["flux-system"], delete_namespaces=True)
    assert api.deletions == [FLUX, "/api/v1/namespaces/flux-system"]


def test_a_dead_controller_is_told_with_what_it_holds(api: FakeKubernetes) -> None:
    api.changed = lambda _path, _found: None
    done = run(api, wait_timeout=0)
    assert "failed" not in done.result
    [held] = [each for each in done.result["remaining"] if each.startswith("Ingress")]
    assert held == "Ingress notejam/notejam (held by ingress.k8s.aws/resources)"
    assert f"{held} is still there after 0 s" in str(done.warnings)


def test_all_namespaces_are_never_deleted(api: FakeKubernetes) -> None:
    refused = drain(api, delete_namespaces=True)
    assert "delete_namespaces needs namespaces" in refused["msg"]
    assert api.deletions == []
