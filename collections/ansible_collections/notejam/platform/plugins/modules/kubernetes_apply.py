#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: kubernetes_apply
short_description: Apply manifests to a Kubernetes cluster in one go
version_added: 0.1.0
description:
  - Applies any number of objects by server-side apply with one sign-in, namespaces and new kinds first.
  - Unlike M(kubernetes.core.k8s), it plans objects whose kind or namespace the same run is still to make, and
    checks what it downloads.
author:
  - Notejam platform contributors (@notejam)
extends_documentation_fragment:
  - notejam.platform.kubernetes
options:
  manifest:
    description: Path or URL of a YAML file of any number of objects, applied before O(definitions).
    type: str
  manifest_checksum:
    description: The SHA-256 digest of O(manifest), as 64 hexadecimal digits. Required for a URL.
    type: str
  definitions:
    description: Objects to apply.
    type: list
    elements: dict
    default: []
  field_manager:
    description:
      - Name under which the API server remembers the fields that are applied here.
      - Two tasks with two names may each own some keys of one object.
    type: str
    default: ansible
  wait:
    description: Whether to wait until every Deployment among the objects has rolled out.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 300
attributes:
  check_mode:
    description: The API server itself plans by a dry run.
    support: full
  diff_mode:
    description: Returns, without Secrets' values, the objects that change as they are and as they will be.
    support: full
"""

EXAMPLES = r"""
- name: Install a controller and configure it
  notejam.platform.kubernetes_apply:
    kubeconfig: ~/.kube/notejam-prod-eu-west-1
    host: "{{ site.cluster.endpoint }}"
    manifest: https://example.com/controller/v1.2.3/install.yaml
    manifest_checksum: 5d41402abc4b2a76b9719d911017c592ae1f0f5f0d4c0f2f7f5b1e8c4b7a9d3e
    definitions:
      - apiVersion: v1
        kind: ConfigMap
        metadata: {name: site, namespace: flux-system}
        data: {region: eu-west-1}
"""

RETURN = r"""
objects:
  description: Every object that was applied, in order.
  returned: success
  type: list
  elements: dict
  contains:
    api_version:
      description: Its API version.
      type: str
    kind:
      description: Its kind.
      type: str
    namespace:
      description: Its namespace; empty for one of the whole cluster.
      type: str
    name:
      description: Its name.
      type: str
    changed:
      description: Whether applying changed it.
      type: bool
"""

import hashlib
import time
from typing import Any
from urllib.parse import urlsplit

try:
    import yaml
except ImportError:
    pass  # require_libraries() reports the missing library.

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url
from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_cluster import (
    CONNECTION_ARGUMENTS,
    Cluster,
    KubernetesError,
    Object,
    describe,
    differs,
    require_libraries,
    visible,
)

DEFINITION = "CustomResourceDefinition"
FIRST = {"Namespace": 0, DEFINITION: 1}
POLL = 0.5  # seconds


def load(manifest: str | None, checksum: str | None) -> list[Object]:
    """The objects of a manifest file, which is read from a URL only when its checksum is known."""
    if not manifest:
        return []
    remote = urlsplit(manifest).scheme in ("http", "https")
    if remote and not checksum:
        raise KubernetesError(
            f"{manifest} is downloaded, so give its SHA-256 digest too (`manifest_checksum`): "
            "download it once, read it, and take the digest by sha256sum."
        )
    try:
        if remote:
            text = open_url(manifest, timeout=60).read()
        else:
            with open(manifest, "rb") as file:
                text = file.read()
    except OSError as error:
        raise KubernetesError(f"Cannot read {manifest} (`manifest`): {error}") from error
    digest = hashlib.sha256(text).hexdigest()
    if checksum and digest != checksum.removeprefix("sha256:"):
        raise KubernetesError(
            f"{manifest} has the SHA-256 digest {digest}, not {checksum} (`manifest_checksum`): it is not "
            "the file that was meant, or the version was raised and the digest was not."
        )
    try:
        # libyaml reads Flux's megabyte of definitions in a tenth of the time.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        documents = list(yaml.load_all(text, Loader=loader))
    except yaml.YAMLError as error:
        raise KubernetesError(f"{manifest} (`manifest`) is not YAML: {error}") from error
    return [item for document in documents if document for item in document.get("items", [document])]


def apply_all(cluster: Cluster, objects: list[Object], field_manager: str, check_mode: bool) -> list[Object]:
    """Apply the objects; returns what became of each: before, after and whether they differ."""
    outcomes = []
    for wanted in objects:
        before = cluster.read(wanted)
        after = cluster.apply(wanted, field_manager, dry_run=check_mode)
        outcomes.append({"before": before, "after": after, "changed": differs(before, after)})
        if wanted["kind"] == DEFINITION and not check_mode:
            wait_for(cluster, wanted, established, time.monotonic() + 60)
    return outcomes


def established(definition: Object) -> str | None:
    conditions = definition.get("status", {}).get("conditions") or []
    served = any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
    return None if served else "the API server does not serve it yet"


def rolled_out(deployment: Object) -> str | None:
    """What is missing for a complete rollout; raises KubernetesError when Kubernetes has given it up."""
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    for condition in status.get("conditions") or []:
        if condition.get("reason") == "ProgressDeadlineExceeded":
            raise KubernetesError(f"{describe(deployment)}: {condition['message']} {how_to_look(deployment)}")
    if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
        return "its newest definition is not seen yet"
    for count, word in (("updatedReplicas", "updated"), ("availableReplicas", "available")):
        if status.get(count, 0) < wanted:
            return f"{status.get(count, 0)} of {wanted} pods are {word}"
    return None


def how_to_look(deployment: Object) -> str:
    return f"Look at: kubectl --namespace {deployment['metadata'].get('namespace')} describe pods"


def wait_for(cluster: Cluster, wanted: Object, missing: Any, deadline: float) -> None:
    """Return once nothing is missing of an object; `missing` says what is."""
    while what := missing(cluster.read(wanted) or wanted):
        if time.monotonic() > deadline:
            hint = how_to_look(wanted) if wanted["kind"] == "Deployment" else ""
            raise KubernetesError(f"{describe(wanted)} is not ready: {what}. {hint}".strip())
        time.sleep(POLL)


def summary(outcome: Object) -> Object:
    metadata = outcome["after"]["metadata"]
    return {
        "api_version": outcome["after"]["apiVersion"],
        "kind": outcome["after"]["kind"],
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
        "changed": outcome["changed"],
    }


def diff(outcomes: list[Object]) -> dict[str, Any]:
    """The changed objects as YAML, before and after."""
    changed = [outcome for outcome in outcomes if outcome["changed"]]
    sides = {
        side: [shown for outcome in changed if (shown := visible(outcome[side]))]
        for side in ("before", "after")
    }
    return {side: yaml.safe_dump_all(shown) if shown else "" for side, shown in sides.items()}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **CONNECTION_ARGUMENTS,
            "manifest": {},
            "manifest_checksum": {},
            "definitions": {"type": "list", "elements": "dict", "default": []},
            "field_manager": {"default": "ansible"},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        require_libraries()
        objects = load(params["manifest"], params["manifest_checksum"]) + params["definitions"]
        objects.sort(key=lambda each: FIRST.get(each["kind"], len(FIRST)))
        cluster = Cluster(params["kubeconfig"], params["host"])
        outcomes = apply_all(cluster, objects, params["field_manager"], module.check_mode)
        if params["wait"] and not module.check_mode:
            deadline = time.monotonic() + params["wait_timeout"]
            for each in objects:
                if each["kind"] == "Deployment":
                    wait_for(cluster, each, rolled_out, deadline)
    except KubernetesError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=any(outcome["changed"] for outcome in outcomes),
        diff=diff(outcomes),
        objects=[summary(outcome) for outcome in outcomes],
    )


if __name__ == "__main__":
    main()
