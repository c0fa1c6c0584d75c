"""Applying manifests: check, do, check again, do again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.notejam.platform.plugins.module_utils import kubernetes_cluster

from .fake_kubernetes import FakeKubernetes
from .modules import run_module

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "things.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"kind": "Thing", "plural": "things"},
        "scope": "Namespaced",
        "versions": [{"name": "v1"}],
    },
}
THING = {
    "apiVersion": "example.com/v1",
    "kind": "Thing",
    "metadata": {"name": "a", "namespace": "flux-system"},
    "spec": {"size": 1},
}
SITE = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "site", "namespace": "flux-system"},
    "data": {"region": "eu-west-1"},
}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "source-controller", "namespace": "flux-system"},
    "spec": {"replicas": 1},
}


def apply(kubernetes: FakeKubernetes, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    return run_module("kubernetes_apply", check_mode, kubeconfig=str(kubernetes.kubeconfig), **options).result


def test_objects_are_applied_once(kubernetes: FakeKubernetes) -> None:
    definitions = [SITE, NAMESPACE]
    planned = apply(kubernetes, check_mode=True, definitions=definitions)
    assert planned["changed"]
    assert kubernetes.objects == {}

    done = apply(kubernetes, definitions=definitions)
    assert done["changed"]
    assert kubernetes.objects["/api/v1/namespaces/flux-system/configmaps/site"]["data"] == {
        "region": "eu-west-1"
    }

    for check_mode in (True, False):
        again = apply(kubernetes, check_mode=check_mode, definitions=definitions)
        assert not again["changed"]
        assert again["diff"] == {"before": "", "after": ""}


def test_a_change_is_planned_by_the_server_and_shown(kubernetes: FakeKubernetes) -> None:
    apply(kubernetes, definitions=[NAMESPACE, SITE])
    moved = {**SITE, "data": {"region": "eu-central-1"}}
    planned = apply(kubernetes, check_mode=True, definitions=[NAMESPACE, moved])
    assert [each["changed"] for each in planned["objects"]] == [False, True]
    assert "region: eu-west-1" in planned["diff"]["before"]
    assert "region: eu-central-1" in planned["diff"]["after"]
    assert "resourceVersion" not in planned["diff"]["after"]


def test_a_kind_and_a_namespace_that_are_only_to_be_made_can_be_planned(kubernetes: FakeKubernetes) -> None:
    planned = apply(kubernetes, check_mode=True, definitions=[THING, DEFINITION, NAMESPACE])
    assert planned["changed"]
    assert [each["kind"] for each in planned["objects"]] == ["Namespace", "CustomResourceDefinition", "Thing"]

    apply(kubernetes, definitions=[THING, DEFINITION, NAMESPACE])
    assert not apply(kubernetes, check_mode=True, definitions=[THING, DEFINITION, NAMESPACE])["changed"]


def test_a_manifest_file_is_read_whole(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    text = yaml.safe_dump_all([NAMESPACE, None, {"kind": "List", "items": [SITE]}])
    manifest = tmp_path / "install.yaml"
    manifest.write_text(text)
    checksum = hashlib.sha256(text.encode()).hexdigest()
    done = apply(kubernetes, manifest=str(manifest), manifest_checksum=checksum)
    assert [each["name"] for each in done["objects"]] == ["flux-system", "site"]


@pytest.mark.parametrize(
    ("manifest", "checksum", "message"),
    [
        ("https://example.com/install.yaml", None, "`manifest_checksum`"),
        ("install.yaml", "0" * 64, "not the file that was meant"),
        ("missing.yaml", None, "Cannot read"),
        ("broken.yaml", None, "is not YAML"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused(
    kubernetes: FakeKubernetes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    manifest: str,
    checksum: str | None,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("install.yaml").write_text("kind: List\nitems: []\n")
    Path("broken.yaml").write_text("kind: [\n")
    failed = apply(kubernetes, manifest=manifest, manifest_checksum=checksum)
    assert failed["failed"]
    assert message in failed["msg"]
    assert kubernetes.writes == []


def test_it_waits_until_deployments_are_rolled_out(kubernetes: FakeKubernetes) -> None:
    def roll_out(path: str, deployment: dict[str, Any]) -> None:
        if path.endswith("source-controller"):
            generation = deployment["metadata"]["generation"]
            status = {"observedGeneration": generation, "updatedReplicas": 1, "availableReplicas": 1}
            deployment["status"] = status

    kubernetes.changed = roll_out
    assert apply(kubernetes, definitions=[NAMESPACE, DEPLOYMENT])["changed"]


def test_a_deployment_that_does_not_come_is_named(kubernetes: FakeKubernetes) -> None:
    failed = apply(kubernetes, definitions=[NAMESPACE, DEPLOYMENT], wait_timeout=0)
    assert "Deployment flux-system/source-controller is not ready" in failed["msg"]
    assert "kubectl --namespace flux-system describe pods" in failed["msg"]


def test_a_rollout_that_kubernetes_gave_up_ends_the_wait(kubernetes: FakeKubernetes) -> None:
    def give_up(path: str, found: dict[str, Any]) -> None:
        if path.endswith("source-controller"):
            condition = {
                "type": "Progressing",
                "reason": "ProgressDeadlineExceeded",
                "message": "no progress",
            }
            found["status"] = {"conditions": [condition]}

    kubernetes.changed = give_up
    assert "no progress" in apply(kubernetes, definitions=[NAMESPACE, DEPLOYMENT])["msg"]


def test_the_values_of_a_secret_are_not_shown(kubernetes: FakeKubernetes) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "flux-system"},
        "data": {"password": "aHVudGVyMg=="},
    }
    done = apply(kubernetes, definitions=[NAMESPACE, secret])
    assert done["changed"]
    assert "aHVudGVyMg==" not in str(done)


def test_two_managers_own_keys_of_one_object(kubernetes: FakeKubernetes) -> None:
    apply(kubernetes, definitions=[NAMESPACE, SITE], field_manager="one")
    apply(kubernetes, definitions=[{**SITE, "data": {"image": "notejam"}}], field_manager="two")
    found = kubernetes.objects["/api/v1/namespaces/flux-system/configmaps/site"]
    assert found["data"] == {"region": "eu-west-1", "image": "notejam"}
    assert not apply(kubernetes, definitions=[NAMESPACE, SITE], field_manager="one")["changed"]


def test_a_missing_namespace_is_named(kubernetes: FakeKubernetes) -> None:
    assert "there is no namespace flux-system" in apply(kubernetes, definitions=[SITE])["msg"]


def test_an_unknown_kind_is_named(kubernetes: FakeKubernetes) -> None:
    failed = apply(kubernetes, definitions=[NAMESPACE, THING])
    assert "knows no kind Thing" in failed["msg"]


def test_a_refusal_says_what_the_server_said(kubernetes: FakeKubernetes) -> None:
    kubernetes.refusal = (403, 'namespaces is forbidden: User "deployer" cannot patch')
    assert 'User "deployer" cannot patch' in apply(kubernetes, definitions=[NAMESPACE])["msg"]


def test_unknown_credentials_point_to_the_access_entries(kubernetes: FakeKubernetes) -> None:
    text = kubernetes.kubeconfig.read_text()
    kubernetes.kubeconfig.write_text(text.replace("a-token", "another"))
    assert "access entry" in apply(kubernetes, definitions=[NAMESPACE])["msg"]


def test_a_server_that_does_not_answer_is_named(kubernetes: FakeKubernetes) -> None:
    kubernetes.stop()
    failed = apply(kubernetes, definitions=[NAMESPACE])
    assert f"Cannot reach the Kubernetes API at {kubernetes.host}" in failed["msg"]


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes_cluster, "MISSING_LIBRARY", "No module named 'yaml'")
    run = run_module("kubernetes_apply", manifest="absent.yaml", kubeconfig=str(tmp_path / "kubeconfig"))
    assert run.result["failed"]
    assert "No module named 'yaml'. Install" in run.result["msg"]


def test_a_missing_kubeconfig_says_which_role_writes_it(tmp_path: Path) -> None:
    failed = run_module("kubernetes_apply", kubeconfig=str(tmp_path / "none"), definitions=[NAMESPACE]).result
    assert "--tags cluster" in failed["msg"]
