#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_drain
version_added: 0.1.0
short_description: Have a cluster's controllers give back what they made in AWS
description:
  - Deletes what makes controllers keep load balancers and volumes in AWS, and waits until they have removed
    them, because nobody does once the cluster is gone. That is Ingresses, Services of type LoadBalancer,
    TargetGroupBindings, PersistentVolumeClaims, and the workloads that mount these.
  - Suspends Flux first, all of its Kustomizations and HelmReleases, so that nothing comes back.
    C(flux resume) has it go on.
  - Data on volumes whose reclaim policy is Delete is lost.
  - What is still there when the time is up is returned and warned of, and does not fail. A controller may be
    dead in a cluster that is to go.
author:
  - Notejam platform contributors (@notejam)
extends_documentation_fragment:
  - notejam.platform.kubernetes
options:
  namespaces:
    description: Only in these namespaces; in all by default.
    type: list
    elements: str
    default: []
  delete_namespaces:
    description: Whether to delete O(namespaces), too, with everything in them.
    type: bool
    default: false
  wait_timeout:
    description: How long to wait for the controllers, in seconds.
    type: int
    default: 900
attributes:
  check_mode:
    description: Returns what would be suspended and deleted.
    support: full
  diff_mode:
    description: Shows no difference; the lists tell it.
    support: none
"""

EXAMPLES = r"""
- name: Have nothing left in AWS that only the cluster knows
  notejam.platform.kubernetes_drain:
    kubeconfig: ~/.kube/notejam-prod-eu-west-1

- name: Remove a service from the cluster
  notejam.platform.kubernetes_drain:
    kubeconfig: ~/.kube/notejam-prod-eu-west-1
    namespaces: [notejam]
    delete_namespaces: true
"""

RETURN = r"""
suspended:
  description: Flux's objects that are suspended now and were not.
  returned: success
  type: list
  elements: str
  sample: [Kustomization flux-system/services]
deleted:
  description: What was there and is deleted, or on its way out.
  returned: success
  type: list
  elements: str
  sample: [Ingress notejam/notejam]
remaining:
  description: What of it is still there when the time is up, with the finalizers that hold it.
  returned: success
  type: list
  elements: str
  sample: ["Ingress notejam/notejam (held by ingress.k8s.aws/resources)"]
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_cluster import (
    CONNECTION_ARGUMENTS,
    Cluster,
    KubernetesError,
    Object,
    describe,
)

POLL = 1.0  # seconds
FLUX = (("kustomize.toolkit.fluxcd.io/v1", "Kustomization"), ("helm.toolkit.fluxcd.io/v2", "HelmRelease"))
# Flux's own finalizers need its controllers, which are in a namespace with what they hold.
FLUX_OBJECTS = (*FLUX, ("source.toolkit.fluxcd.io/v1", "GitRepository"))
# They hold claims by the volumes of their pods.
WORKLOADS = (
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "ReplicaSet"),
    ("batch/v1", "CronJob"),
    ("batch/v1", "Job"),
    ("v1", "Pod"),
)


class Drain:
    """The objects that are to go, in these namespaces or in all."""

    def __init__(self, cluster: Cluster, namespaces: list[str], delete_namespaces: bool) -> None:
        self._cluster = cluster
        self._namespaces = namespaces
        self._delete_namespaces = delete_namespaces

    def to_suspend(self) -> list[Object]:
        """Flux's objects that are not suspended yet."""
        every = [each for kind in FLUX for each in self._cluster.every(*kind)]
        return [each for each in every if not each.get("spec", {}).get("suspend")]

    def suspend(self, objects: list[Object]) -> None:
        """Have Flux leave them and what they are of alone."""
        for each in objects:
            self._cluster.merge(each, {"spec": {"suspend": True}})

    def doomed(self) -> list[Object]:
        """What is still there, in the order in which it can go; namespaces come when the rest is gone."""
        found = [
            *self._all("networking.k8s.io/v1", "Ingress"),
            *(each for each in self._all("v1", "Service") if each["spec"].get("type") == "LoadBalancer"),
            *self._all("elbv2.k8s.aws/v1beta1", "TargetGroupBinding"),
            *(
                each
                for kind in WORKLOADS
                for each in self._all(*kind)
                if _has_claims(each) and not _is_owned(each)
            ),
            *self._all("v1", "PersistentVolumeClaim"),
        ]
        if self._delete_namespaces and not found:
            found = [each for kind in FLUX_OBJECTS for each in self._all(*kind)]
        if self._delete_namespaces and not found:
            found = [
                each for each in self._cluster.every("v1", "Namespace") if _name(each) in self._namespaces
            ]
        return found

    def volumes(self) -> list[Object]:
        """Volumes that a driver deletes, now that nobody claims them."""
        return [
            each
            for each in self._cluster.every("v1", "PersistentVolume")
            if each["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
            and self._is_in((each["spec"].get("claimRef") or {}).get("namespace"))
        ]

    def delete(self, objects: list[Object]) -> None:
        """Ask for the deletion of those for which nobody has."""
        for each in objects:
            if not each["metadata"].get("deletionTimestamp"):
                self._cluster.delete(each)

    def _all(self, api_version: str, kind: str) -> list[Object]:
        return [
            each
            for each in self._cluster.every(api_version, kind)
            if self._is_in(each["metadata"].get("namespace"))
        ]

    def _is_in(self, namespace: str | None) -> bool:
        return not self._namespaces or namespace in self._namespaces


def drain(work: Drain, timeout: float) -> tuple[list[str], list[str]]:
    """What is deleted, and what is still there after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    seen: dict[str, None] = {}
    while left := (work.doomed() or work.volumes()):
        seen |= dict.fromkeys(describe(each) for each in left)
        if time.monotonic() > deadline:
            break
        work.delete([each for each in left if each["kind"] != "PersistentVolume"])
        time.sleep(POLL)
    return list(seen), [_held(each) for each in left]


def _has_claims(workload: Object) -> bool:
    spec = workload["spec"]
    if spec.get("volumeClaimTemplates"):
        return True
    if workload["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    pod = spec if workload["kind"] == "Pod" else spec["template"]["spec"]
    return any("persistentVolumeClaim" in volume for volume in pod.get("volumes") or ())


def _is_owned(workload: Object) -> bool:
    """Whether it goes with what made it."""
    return bool(workload["metadata"].get("ownerReferences"))


def _name(found: Object) -> str:
    return str(found["metadata"]["name"])


def _held(found: Object) -> str:
    finalizers = ", ".join(found["metadata"].get("finalizers") or ())
    return f"{describe(found)} (held by {finalizers})" if finalizers else describe(found)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **CONNECTION_ARGUMENTS,
            "namespaces": {"type": "list", "elements": "str", "default": []},
            "delete_namespaces": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 900},
        },
        supports_check_mode=True,
    )
    params = module.params
    if params["delete_namespaces"] and not params["namespaces"]:
        module.fail_json(msg="delete_namespaces needs namespaces: nobody means all of a cluster's.")
    try:
        cluster = Cluster(params["kubeconfig"], params["host"])
        work = Drain(cluster, params["namespaces"], params["delete_namespaces"])
        to_suspend = work.to_suspend()
        if module.check_mode:
            deleted, remaining = [describe(each) for each in work.doomed()], list[str]()
        else:
            work.suspend(to_suspend)
            deleted, remaining = drain(work, params["wait_timeout"])
    except KubernetesError as error:
        module.fail_json(msg=str(error))
    for each in remaining:
        module.warn(
            f"{each} is still there after {params['wait_timeout']} s; what it has in AWS may be left."
        )
    result: dict[str, Any] = {
        "suspended": [describe(each) for each in to_suspend],
        "deleted": deleted,
        "remaining": remaining,
    }
    module.exit_json(changed=bool(to_suspend or deleted), **result)


if __name__ == "__main__":
    main()
