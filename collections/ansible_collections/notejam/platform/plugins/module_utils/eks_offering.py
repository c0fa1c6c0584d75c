# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What EKS and EC2 offer, and what of a declared cluster they do not, in sentences.

The sources are DescribeClusterVersions, DescribeAddonVersions
(https://docs.aws.amazon.com/eks/latest/APIReference/) and DescribeInstanceTypes.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, NamedTuple

from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_versions import step_problem

DEFAULT_AMI_TYPE = "AL2023_x86_64_STANDARD"


class AddonVersions(NamedTuple):
    """The versions of an add-on for one Kubernetes version, and the one that EKS takes by itself."""

    offered: list[str]
    default: str


def addon_versions(versions: list[dict[str, Any]], kubernetes: str) -> AddonVersions:
    """From an add-on's `addonVersions` of DescribeAddonVersions."""
    offered = [one["addonVersion"] for one in versions]
    default = [
        one["addonVersion"]
        for one in versions
        for fit in one["compatibilities"]
        if fit.get("defaultVersion") and fit["clusterVersion"] == kubernetes
    ]
    return AddonVersions(offered, (default or offered or [""])[0])


def version_refusals(wanted: str, running: str | None, offered: list[str], name: str) -> list[str]:
    """What stands against the Kubernetes version of the cluster, which runs `running`, if anything yet."""
    if wanted == running:
        return []
    if running is not None and (problem := step_problem(name, running, wanted)):
        return [problem]
    if wanted not in offered:
        return [f"version {wanted} is none that EKS offers; it offers {', '.join(offered)}."]
    return []


def addon_refusals(
    wanted: dict[str, str], found: dict[str, AddonVersions], known: list[str], kubernetes: str
) -> list[str]:
    """What stands against the add-ons' versions; `known` are the names of all that there are."""
    told = []
    for name, version in sorted(wanted.items()):
        if name not in found:
            near = get_close_matches(name, known, 1)
            guess = f"Did you mean {near[0]}?" if near else f"It has {', '.join(known)}."
            told.append(f"EKS has no add-on {name} for Kubernetes {kubernetes}. {guess}")
        elif version not in found[name].offered:
            told.append(
                f"add-on {name} has no version {version} for Kubernetes {kubernetes}; "
                f"it has {', '.join(found[name].offered)}."
            )
    return told


def instance_refusals(groups: list[dict[str, Any]], offered: dict[str, list[str]], region: str) -> list[str]:
    """What stands against the instance types; `offered` has the architectures of each that is there."""
    told = []
    for group in groups:
        image = group.get("ami_type") or DEFAULT_AMI_TYPE
        wanted = architecture(image)
        for kind in group["instance_types"]:
            if kind not in offered:
                told.append(f"node group {group['name']} asks for {kind}, which {region} does not offer.")
            elif wanted not in offered[kind]:
                told.append(
                    f"node group {group['name']} asks for {kind}, which is {' and '.join(offered[kind])}, "
                    f"but its image {image} is for {wanted}."
                )
    return told


def architecture(ami_type: str) -> str:
    """EC2's word for what an image of EKS runs on:
    https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html#AmazonEKS-Type-Nodegroup-amiType
    """
    return "arm64" if "ARM_64" in ami_type.upper() else "x86_64"
