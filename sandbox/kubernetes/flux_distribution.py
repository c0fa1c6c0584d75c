"""Assembles Flux's install manifest from the `config` folders of its controllers' own Go modules.

It holds what `flux install --components=source-controller,kustomize-controller --export` gives, see
https://fluxcd.io/flux/cmd/flux_install/: one namespace, the CRDs, rights, Services and Deployments.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import SandboxError
from sandbox.kubernetes.images import FLUX_CONTROLLERS, Image
from sandbox.settings import Settings

NAMESPACE = "flux-system"
CLUSTER_SCOPED = frozenset({"Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"})
# The rehearsal does not wait the 30 s that are the controller's own between looks at what others depend on.
OWN_ARGUMENTS = {"kustomize-controller": ("--requeue-dependency=5s",)}
RIGHTS = (
    "role.yaml",
    "role_binding.yaml",
    "leader_election_role.yaml",
    "leader_election_role_binding.yaml",
    "cluster_role_binding.yaml",  # the kustomize-controller's, which may do everything
)


def install_manifest(settings: Settings) -> Path:
    """Where the manifest lies; `FLUX_INSTALL_MANIFEST` of the sandbox's environment names it."""
    return settings.folder / "flux" / "install.yaml"


def assemble(settings: Settings) -> Path:
    """Write the manifest and return its path; SandboxError while the controllers' manifests are not there."""
    documents = [namespace()]
    for name, image in FLUX_CONTROLLERS.items():
        config = settings.flux_config / name
        if not config.is_dir():
            raise SandboxError(
                f"Flux's manifests are not in {config}: they come with the tools, so run `make up`, or wait"
                " until it has built them."
            )
        documents += [with_place(document, name, image) for document in controller(config, name, image)]
    path = install_manifest(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False))
    return path


def namespace() -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": "flux", "pod-security.kubernetes.io/warn": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def controller(config: Path, name: str, image: Image) -> Iterator[dict[str, Any]]:
    """The controller's objects, CRDs first."""
    for path in sorted((config / "crd" / "bases").glob("*.yaml")):
        yield from documents_in(path)
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
    for file in RIGHTS:
        for document in documents_in(config / "rbac" / file):
            yield bound(document, name)
    for document in documents_in(config / "manager" / "service.yaml"):
        yield document
    for document in documents_in(config / "manager" / "deployment.yaml"):
        pod = document["spec"]["template"]["spec"]
        pod |= {
            "serviceAccountName": name,
            "priorityClassName": "system-cluster-critical",
            "nodeSelector": {"kubernetes.io/os": "linux"},
        }
        [container] = pod["containers"]
        container["image"] = image.reference
        container["args"] = [*container.get("args", []), *OWN_ARGUMENTS.get(name, ())]
        yield document


def bound(document: dict[str, Any], controller_name: str) -> dict[str, Any]:
    """A role or binding whose names are the controller's own, given to its service account."""
    document["metadata"]["name"] = f"{controller_name}-{document['metadata']['name']}"
    if "subjects" in document:
        account = {"kind": "ServiceAccount", "name": controller_name, "namespace": NAMESPACE}
        document["subjects"] = [account]
        if document["roleRef"]["name"] != "cluster-admin":
            document["roleRef"]["name"] = f"{controller_name}-{document['roleRef']['name']}"
    return document


def with_place(document: dict[str, Any], controller_name: str, image: Image) -> dict[str, Any]:
    """The document in Flux's namespace, with the labels that Flux's own distribution gives."""
    metadata = document["metadata"]
    if document["kind"] not in CLUSTER_SCOPED:
        metadata["namespace"] = NAMESPACE
    metadata["labels"] = metadata.get("labels", {}) | {
        "app.kubernetes.io/part-of": "flux",
        "app.kubernetes.io/instance": NAMESPACE,
        "app.kubernetes.io/component": controller_name,
        "app.kubernetes.io/version": image.version,
    }
    return document


def documents_in(path: Path) -> list[dict[str, Any]]:
    """The YAML documents of the file; none where there is no such file."""
    if not path.exists():
        return []
    return [document for document in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader) if document]
