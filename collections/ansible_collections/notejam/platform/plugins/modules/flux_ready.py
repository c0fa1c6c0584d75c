#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: flux_ready
short_description: Wait until Flux has reconciled a Git revision
version_added: 0.1.0
description:
  - Waits until a GitRepository has fetched a revision and Kustomizations have applied it and are ready.
  - Asks Flux to fetch at once instead of at its next interval, as C(flux reconcile) does.
  - Fails as soon as Flux reports a failure of this revision, with Flux's own message.
  - A revision that somebody pushed on top in the meantime counts too.
author:
  - Notejam platform contributors (@notejam)
extends_documentation_fragment:
  - notejam.platform.kubernetes
options:
  namespace:
    description: Namespace of the Flux objects.
    type: str
    default: flux-system
  source:
    description: Name of the GitRepository.
    type: str
    required: true
  revision:
    description:
      - The revision to wait for, as Flux writes it, such as V(main@sha1:0d6a5b1f...).
      - Left out, the one that the repository has when Flux is asked to look.
    type: str
    default: ""
  kustomizations:
    description: Names of the Kustomizations to wait for, each after those that it depends on.
    type: list
    elements: str
    default: []
  reconcile:
    description: Whether to reconcile also what is ready already, because its variables changed.
    type: bool
    default: false
  wait_timeout:
    description: How long to wait for all of them together, in seconds.
    type: int
    default: 900
attributes:
  check_mode:
    description: Does not wait; returns the state as it is.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
"""

EXAMPLES = r"""
- name: Wait until Notejam runs
  notejam.platform.flux_ready:
    kubeconfig: ~/.kube/notejam-prod-eu-west-1
    source: operations
    revision: "{{ published.revision }}"
    kustomizations: [notejam-migrations, notejam]
"""

RETURN = r"""
revision:
  description: The revision that is fetched.
  returned: success
  type: str
  sample: main@sha1:0d6a5b1f0f6f4c7d8f0f1f1b0a2f0e9d8c7b6a59
objects:
  description: The Flux objects, the source first.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: GitRepository or Kustomization.
      type: str
    name:
      description: Its name.
      type: str
    ready:
      description: Whether it is ready.
      type: bool
    revision:
      description: The revision that it has fetched or applied.
      type: str
    message:
      description: What Flux says of it.
      type: str
timeline:
  description: When each object was seen to be ready, and since when this waited for it.
  returned: when not in check mode
  type: list
  elements: dict
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.notejam.platform.plugins.module_utils.flux import (
    KUSTOMIZE_API,
    SOURCE_API,
    Reconciled,
    follow_kustomization,
    follow_source,
)
from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_cluster import (
    CONNECTION_ARGUMENTS,
    Cluster,
    KubernetesError,
)
from ansible_collections.notejam.platform.plugins.module_utils.timeline import Timeline


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **CONNECTION_ARGUMENTS,
            "namespace": {"default": "flux-system"},
            "source": {"required": True},
            "revision": {"default": ""},
            "kustomizations": {"type": "list", "elements": "str", "default": []},
            "reconcile": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 900},
        },
        supports_check_mode=True,
    )
    params = module.params
    timeline = Timeline()
    deadline = time.monotonic() + params["wait_timeout"]
    try:
        cluster = Cluster(params["kubeconfig"], params["host"])
        namespace = params["namespace"]
        source = Reconciled(cluster, SOURCE_API, "GitRepository", namespace, params["source"])
        kustomizations = [
            Reconciled(cluster, KUSTOMIZE_API, "Kustomization", namespace, name)
            for name in params["kustomizations"]
        ]
        if module.check_mode:
            for each in (source, *kustomizations):
                each.refresh()
            revision = source.revision or params["revision"]
        else:
            with timeline.wait(f"GitRepository {source.name} at {short(params['revision'])}"):
                revision = follow_source(source, params["revision"], deadline)
            for each in kustomizations:
                with timeline.wait(f"Kustomization {each.name} at {short(revision)}"):
                    follow_kustomization(each, revision, params["reconcile"], deadline)
    except KubernetesError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=False,
        revision=revision,
        objects=[
            {
                "kind": each.kind,
                "name": each.name,
                "ready": each.is_ready,
                "revision": each.revision,
                "message": each.message,
            }
            for each in (source, *kustomizations)
        ],
        **timeline.result(),
    )


def short(revision: str) -> str:
    """The beginning of the commit that a revision of Flux's names."""
    return revision.rpartition(":")[2][:7]


if __name__ == "__main__":
    main()
