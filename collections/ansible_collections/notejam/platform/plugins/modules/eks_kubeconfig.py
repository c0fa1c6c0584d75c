#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_kubeconfig
short_description: Write the kubeconfig of an Amazon EKS cluster
version_added: 0.1.0
description:
  - Writes what C(aws eks update-kubeconfig) writes, as a file of its own that only its owner can read.
  - The file holds no secret. It gets tokens from C(aws eks get-token), which must be on the C(PATH).
author: Notejam platform contributors (@notejam)
options:
  path:
    description: The file. Missing folders above it are made.
    type: path
    required: true
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
  cluster_arn:
    description: ARN of the cluster; the name of the context.
    type: str
    required: true
  endpoint:
    description: URL of the Kubernetes API.
    type: str
    required: true
  certificate_authority:
    description: The authority that signed the API's certificate, PEM in base64.
    type: str
    required: true
  region:
    description: Region of the cluster.
    type: str
    required: true
attributes:
  check_mode:
    description: Reports what would change without writing the file.
    support: full
  diff_mode:
    description: Returns the file as it is and as it will be.
    support: full
"""

EXAMPLES = r"""
- name: Tell kubectl the way
  notejam.platform.eks_kubeconfig:
    path: ~/.kube/notejam-prod
    cluster_name: notejam-prod
    cluster_arn: arn:aws:eks:eu-west-1:123456789012:cluster/notejam-prod
    endpoint: https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com
    certificate_authority: "{{ cluster.certificate_authority.data }}"
    region: eu-west-1
"""

RETURN = r"""
path:
  description: The file.
  type: str
  returned: success
  sample: ~/.kube/notejam-prod
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.yaml import HAS_YAML, yaml_dump

MODE = 0o600


def kubeconfig(params: dict[str, Any]) -> str:
    """The content of the file: https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html"""
    arn = params["cluster_arn"]
    arguments = ["--region", params["region"], "eks", "get-token", "--cluster-name", params["cluster_name"]]
    return yaml_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": arn,
                    "cluster": {
                        "server": params["endpoint"],
                        "certificate-authority-data": params["certificate_authority"],
                    },
                }
            ],
            "contexts": [{"name": arn, "context": {"cluster": arn, "user": arn}}],
            "current-context": arn,
            "users": [
                {
                    "name": arn,
                    "user": {
                        "exec": {
                            "apiVersion": "client.authentication.k8s.io/v1beta1",
                            "command": "aws",
                            "args": [*arguments, "--output", "json"],
                        }
                    },
                }
            ],
        },
        sort_keys=False,
    )


def read(path: str) -> tuple[str, int | None]:
    """The text of the file and its mode; an empty text and None when there is no file."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(), os.fstat(file.fileno()).st_mode & 0o777
    except FileNotFoundError:
        return "", None


def write(path: str, content: str) -> None:
    """Replace the file at once, so that nobody reads half of it."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    draft = f"{path}.{os.getpid()}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE), "w", encoding="utf-8") as file:
        file.write(content)
    os.chmod(draft, MODE)
    os.replace(draft, path)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "cluster_name": {"required": True},
            "cluster_arn": {"required": True},
            "endpoint": {"required": True},
            "certificate_authority": {"required": True},
            "region": {"required": True},
        },
        supports_check_mode=True,
    )
    if not HAS_YAML:
        module.fail_json(msg=missing_required_lib("PyYAML"))
    path = os.path.abspath(module.params["path"])
    try:
        before, mode = read(path)
        after = kubeconfig(module.params)
        changed = before != after or mode != MODE
        if changed and not module.check_mode:
            write(path, after)
    except OSError as error:
        module.fail_json(
            msg=f"Cannot write the kubeconfig {path}: {error.strerror}. Set path to a file of yours."
        )
    diff = {"before": before, "after": after, "before_header": path, "after_header": path}
    module.exit_json(changed=changed, path=path, diff=diff)


if __name__ == "__main__":
    main()
