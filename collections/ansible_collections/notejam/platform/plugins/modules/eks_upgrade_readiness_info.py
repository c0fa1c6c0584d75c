#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_upgrade_readiness_info
short_description: Tell whether an Amazon EKS cluster can be upgraded, and in which steps
version_added: 0.1.0
description:
  - Asks EKS for the cluster, its node groups and add-ons, for what is under way at them, for the versions
    that it offers and for its upgrade insights.
  - Asks the cluster's own API server for deprecated APIs that clients use, for its nodes and for
    PodDisruptionBudgets that allow no disruption, and looks into manifests for APIs that the version no
    longer serves.
  - Tells all that is wrong at once, each with what to do about it. An upgrade to O(version) that is under way
    is nothing wrong; pods that EKS moves for it are not judged.
author: Notejam platform contributors (@notejam)
options:
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
  version:
    description: Kubernetes version to go to, such as V(1.35).
    type: str
    required: true
  addon_versions:
    description: Version that each add-on is to have then.
    type: dict
    default: {}
  manifests:
    description: Folders of YAML files with Kubernetes objects, which are to be accepted by O(version).
    type: list
    elements: path
    default: []
  settle_timeout:
    description:
      - How long to wait, in seconds, for what may pass by itself, such as a node that is not ready or a
        PodDisruptionBudget one of whose pods starts.
    type: int
    default: 120
attributes:
  check_mode:
    description: Only reads.
    support: full
extends_documentation_fragment:
  - notejam.platform.kubernetes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: See whether the cluster can be upgraded
  notejam.platform.eks_upgrade_readiness_info:
    cluster_name: notejam-prod
    version: "1.36"
    addon_versions:
      vpc-cni: v1.21.1-eksbuild.1
    kubeconfig: ~/.kube/notejam-prod-eu-west-1
    manifests: [gitops]
  register: readiness

- name: Refuse what would go wrong
  ansible.builtin.assert:
    that: readiness.findings == []
    fail_msg: "{{ readiness.findings | map(attribute='message') | join('\n') }}"
"""

RETURN = r"""
version:
  description: The Kubernetes version of the control plane.
  type: str
  returned: success
  sample: "1.35"
steps:
  description: What is left to do to come to O(version) and O(addon_versions), in order, in a person's words.
  type: list
  elements: str
  returned: success
  sample: ["control plane: Kubernetes 1.35 -> 1.36"]
addons:
  description: Names of the installed add-ons that O(addon_versions) names, in the order of their upgrades.
  type: list
  elements: str
  returned: success
  sample: [vpc-cni, kube-proxy, coredns]
nodegroups:
  description: Names of the managed node groups whose version EKS knows.
  type: list
  elements: str
  returned: success
  sample: [system]
default_addon_versions:
  description: EKS's own choice of version for each installed add-on at O(version).
  type: dict
  returned: success
  sample: {"vpc-cni": "v1.21.1-eksbuild.1"}
findings:
  description: What stands in the way.
  type: list
  elements: dict
  returned: success
  contains:
    check:
      description: What was looked at, such as V(disruption_budgets).
      type: str
    message:
      description: What is wrong, and what to do.
      type: str
"""

import time
from pathlib import Path

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.eks import AnsibleEksError
from ansible_collections.notejam.platform.plugins.module_utils.eks_upgrade_readiness import EksReadiness
from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_cluster import (
    CONNECTION_ARGUMENTS,
    Cluster,
    KubernetesError,
    require_libraries,
)
from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_upgrade_readiness import findings_of
from ansible_collections.notejam.platform.plugins.module_utils.removed_apis import uses_of_removed_apis
from ansible_collections.notejam.platform.plugins.module_utils.upgrade_finding import Finding

PAUSE = 3.0  # seconds between two looks at what may pass


def manifest_findings(folders: list[str], version: str) -> list[Finding]:
    """Raises ValueError for a folder that is not there, or a file that is not YAML."""
    found = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise ValueError(f"There is no folder {folder} (`manifests`).")
        found += [
            Finding(
                "manifests",
                f"{use.place}: {use.kind} of {use.api_version} is not served from Kubernetes "
                f"{use.removed_in} on. Write it for {use.instead}.",
            )
            for use in uses_of_removed_apis(folder, version)
        ]
    return found


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            **CONNECTION_ARGUMENTS,
            "cluster_name": {"required": True},
            "version": {"required": True},
            "addon_versions": {"type": "dict", "default": {}},
            "manifests": {"type": "list", "elements": "path", "default": []},
            "settle_timeout": {"type": "int", "default": 120},
        },
        supports_check_mode=True,
    )
    params = module.params
    name, version = params["cluster_name"], params["version"]
    deadline = time.monotonic() + params["settle_timeout"]
    try:
        require_libraries()
        api, ec2 = client(module, "eks"), client(module, "ec2")
        kubernetes = Cluster(params["kubeconfig"], params["host"])
        always = manifest_findings(params["manifests"], version)
        while True:
            readiness = EksReadiness(api, name, version, params["addon_versions"])
            found = readiness.findings() + readiness.subnet_findings(ec2)
            target = version if readiness.control_plane_behind else None
            found += findings_of(kubernetes, target, readiness.draining)
            if not found or not all(each.passing for each in found) or time.monotonic() > deadline:
                break
            time.sleep(PAUSE)
        warnings, defaults = readiness.warnings(), readiness.defaults()
    except AnsibleEksError as error:
        module.fail_json_aws_error(error)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Cannot tell whether cluster {name} can be upgraded")
    except (KubernetesError, ValueError) as error:
        module.fail_json(msg=str(error))
    for warning in warnings:
        module.warn(warning)
    module.exit_json(
        changed=False,
        version=readiness.version,
        steps=readiness.steps(),
        addons=[each for each in readiness.addons if each in readiness.wanted],
        nodegroups=[each for each, group in readiness.nodegroups.items() if group.get("version")],
        default_addon_versions=defaults,
        findings=[{"check": each.check, "message": each.message} for each in [*found, *always]],
    )


if __name__ == "__main__":
    main()
