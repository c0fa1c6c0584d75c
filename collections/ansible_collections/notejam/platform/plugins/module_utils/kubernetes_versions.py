# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Versions of Kubernetes and of what runs beside it, and how far apart they may be.

The policy: https://kubernetes.io/releases/version-skew-policy/
"""

from __future__ import annotations

import re

OLDER_AT_MOST = 3
"""How many minor versions kubelet and kube-proxy may be behind the API server."""

_MINOR = re.compile(r"v?(\d+)\.(\d+)(?:[.+-].*)?")


def minor(version: str) -> tuple[int, int]:
    """(1, 35) of "1.35", of "v1.35.4-eks-a1b2c3" and of "v1.35.0-eksbuild.2". Raises ValueError."""
    found = _MINOR.fullmatch(version)
    if found is None:
        raise ValueError(f"{version!r} is no version such as 1.35")
    return int(found[1]), int(found[2])


def behind(version: str, other: str) -> int:
    """By how many minor versions `version` is older than `other`; negative when it is newer."""
    (major, number), (other_major, other_number) = minor(version), minor(other)
    return 100 * (other_major - major) + other_number - number


def next_minor(version: str) -> str:
    """The minor version after this one, such as "1.36" after "1.35"."""
    major, number = minor(version)
    return f"{major}.{number + 1}"


def step_problem(name: str, current: str, target: str) -> str | None:
    """Why the cluster's control plane cannot go from one version to the other; None when it can, or is there.

    EKS goes up by one minor version at a time: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
    """
    if minor(current) == minor(target):
        return None
    if minor(target) < minor(current):
        return (
            f"Cluster {name} runs Kubernetes {current} and {target} is asked for, but a cluster never goes "
            f"back. Set the version to {current} again, or to {next_minor(current)}."
        )
    if next_minor(current) != target:
        return (
            f"Cluster {name} runs Kubernetes {current} and {target} is asked for, but EKS goes up by one "
            f"minor version at a time. Set the version to {next_minor(current)}, upgrade, and go on from "
            "there."
        )
    return None
