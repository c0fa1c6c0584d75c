# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Options of every module that talks to a Kubernetes cluster."""


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - kubernetes >= 34
options:
  kubeconfig:
    description:
      - The kubeconfig file that names the cluster and how to sign in, as C(aws eks update-kubeconfig) writes.
    type: path
    required: true
  host:
    description:
      - URL of the cluster's API server, such as RV(notejam.platform.eks_cluster#module:cluster.endpoint).
      - By default the one in O(kubeconfig). Given, it makes sure that no other cluster is changed than the
        one meant, and a plan made before the cluster exists can say what would be done there.
    type: str
"""
