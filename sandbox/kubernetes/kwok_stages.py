"""What KWOK does with the pods that nobody runs: they are ready at once, and a Job's are done at once.

https://kwok.sigs.k8s.io/docs/user/stages-configuration/
"""

from typing import Any

from sandbox.kubernetes.virtual_images import KNOWN

NOT_KNOWN = {
    "key": f'.spec.containers.[] | select( .image | test("{KNOWN}") ) | .image',
    "operator": "DoesNotExist",
}
NOT_DELETED = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
READY = """\
{{ $now := Now }}
phase: Running
startTime: {{ $now | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace | Quote }}
conditions:
{{ range ( list "Initialized" "Ready" "ContainersReady" ) }}
- {type: {{ . }}, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  started: true
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
"""
COMPLETE = """\
{{ $now := Now }}
phase: Succeeded
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: false
  restartCount: 0
  started: false
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
"""


def stages() -> list[dict[str, Any]]:
    """The stages of pods; those of nodes are KWOK's own."""
    is_job = {"key": ".metadata.ownerReferences.[].kind", "operator": "In", "values": ["Job"]}
    is_running = {"key": ".status.phase", "operator": "In", "values": ["Running"]}
    has_no_address = {"key": ".status.podIP", "operator": "DoesNotExist"}
    is_deleted = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}
    return [
        stage("pod-ready", [NOT_KNOWN, NOT_DELETED, has_no_address], {"statusTemplate": READY}),
        stage("pod-complete", [NOT_KNOWN, NOT_DELETED, is_running, is_job], {"statusTemplate": COMPLETE}),
        stage("pod-delete", [NOT_KNOWN, is_deleted], {"finalizers": {"empty": True}, "delete": True}),
    ]


def stage(name: str, conditions: list[dict[str, Any]], following: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {"matchExpressions": conditions},
            "next": following,
        },
    }
