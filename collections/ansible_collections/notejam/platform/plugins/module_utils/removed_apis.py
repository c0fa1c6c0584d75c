# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Kubernetes APIs that a version no longer serves, and manifests that still ask for them.

The APIs: https://kubernetes.io/docs/reference/using-api/deprecation-guide/
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

try:
    import yaml
except ImportError:
    pass  # kubernetes_cluster.require_libraries() reports the missing library.

from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_versions import minor

ANY = "*"
# (API version, kind): (the first version without it, what serves the kind now)
REMOVED = {
    ("flowcontrol.apiserver.k8s.io/v1beta3", ANY): ("1.32", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", ANY): ("1.29", "flowcontrol.apiserver.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity"): ("1.27", "storage.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", ANY): ("1.26", "flowcontrol.apiserver.k8s.io/v1"),
    ("autoscaling/v2beta2", ANY): ("1.26", "autoscaling/v2"),
    ("autoscaling/v2beta1", ANY): ("1.25", "autoscaling/v2"),
    ("batch/v1beta1", ANY): ("1.25", "batch/v1"),
    ("discovery.k8s.io/v1beta1", ANY): ("1.25", "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", ANY): ("1.25", "events.k8s.io/v1"),
    ("node.k8s.io/v1beta1", ANY): ("1.25", "node.k8s.io/v1"),
    ("policy/v1beta1", "PodDisruptionBudget"): ("1.25", "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy"): ("1.25", "Pod Security Admission"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"): (
        "1.22",
        "admissionregistration.k8s.io/v1",
    ),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"): (
        "1.22",
        "admissionregistration.k8s.io/v1",
    ),
    ("apiextensions.k8s.io/v1beta1", ANY): ("1.22", "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", ANY): ("1.22", "apiregistration.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", "Lease"): ("1.22", "coordination.k8s.io/v1"),
    ("extensions/v1beta1", ANY): ("1.22", "networking.k8s.io/v1, or apps/v1 for workloads"),
    ("networking.k8s.io/v1beta1", "Ingress"): ("1.22", "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass"): ("1.22", "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", ANY): ("1.22", "rbac.authorization.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", ANY): ("1.22", "scheduling.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIDriver"): ("1.22", "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSINode"): ("1.22", "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "StorageClass"): ("1.22", "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "VolumeAttachment"): ("1.22", "storage.k8s.io/v1"),
    ("apps/v1beta1", ANY): ("1.16", "apps/v1"),
    ("apps/v1beta2", ANY): ("1.16", "apps/v1"),
}


class Use(NamedTuple):
    """An object in a manifest whose API the version does not serve."""

    place: str  # FILE:LINE
    api_version: str
    kind: str
    removed_in: str
    instead: str


def uses_of_removed_apis(folder: Path, version: str) -> list[Use]:
    """The objects in the folder's YAML files that Kubernetes `version` would refuse, in the files' order.

    Raises ValueError for a file that is not YAML.
    """
    found = []
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        for api_version, kind, line in _objects(path):
            removed = REMOVED.get((api_version, kind)) or REMOVED.get((api_version, ANY))
            if removed and minor(removed[0]) <= minor(version):
                found.append(Use(f"{path}:{line}", api_version, kind, *removed))
    return found


def _objects(path: Path) -> Iterator[tuple[str, str, int]]:
    """API version, kind and line of each object in the file."""
    try:
        for document in yaml.compose_all(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader):
            if not isinstance(document, yaml.MappingNode):
                continue
            fields = {key.value: value for key, value in document.value if isinstance(key, yaml.ScalarNode)}
            api_version, kind = fields.get("apiVersion"), fields.get("kind")
            if isinstance(api_version, yaml.ScalarNode) and isinstance(kind, yaml.ScalarNode):
                yield api_version.value, kind.value, api_version.start_mark.line + 1
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from error
