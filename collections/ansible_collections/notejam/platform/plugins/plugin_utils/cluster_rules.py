# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the variables of the cluster must be beyond their types: a part of rules.py."""

from __future__ import annotations

import re
from collections import Counter
from difflib import get_close_matches
from typing import Any

from ansible_collections.notejam.platform.plugins.plugin_utils.checks import (
    Rule,
    arn,
    between,
    each,
    ipv4,
    like,
    single,
)

EKS = "https://docs.aws.amazon.com/eks/latest"
ADDON_VERSION = re.compile(r"v\d+\.\d+\.\d+-eksbuild\.\d+")
# What the role installs; EKS has more.
ADDONS = ("aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni")
# Kubernetes' own and EKS's: https://kubernetes.io/docs/reference/labels-annotations-taints/
RESERVED = re.compile(r"(?:[a-z0-9.-]+\.)?(?:kubernetes\.io|k8s\.io|eks\.amazonaws\.com)/.*")
WORD = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
LABEL_VALUE = re.compile(rf"(?:{WORD})?")
LABEL = re.compile(rf"(?:[a-z0-9](?:[a-z0-9.-]{{0,251}}[a-z0-9])?/)?{WORD}")
KEEPING_OUT = ("NO_SCHEDULE", "NO_EXECUTE")
VOLUME = between(20, 16384, "GiB")  # an image of EKS needs 20
Group = dict[str, Any]


def addon_versions(versions: dict[str, str]) -> str | None:
    """What is wrong with the table of add-ons."""
    for name, version in versions.items():
        if name not in ADDONS:
            near = get_close_matches(name, ADDONS, 1)
            hint = f"Did you mean {near[0]}?" if near else f"It installs {', '.join(ADDONS)}."
            return f"in which {name} is no add-on that the role installs. {hint}"
        if not ADDON_VERSION.fullmatch(str(version)):
            form = "no version of an add-on, such as v1.2.3-eksbuild.1"
            return f"in which {name} has {version!r}, which is {form}."
    for name in ADDONS:
        if name not in versions:
            return f"in which {name} has no version. playbooks/pin_addon_versions.yml asks EKS for one."
    return None


def node_groups(groups: list[Group]) -> str | None:
    """What is wrong with the table of node groups.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
    """
    if not groups:
        return "which has no group, so that nothing could run. Give it one at least."
    names = Counter(group["name"] for group in groups)
    for group in groups:
        if names[group["name"]] > 1:
            return f"in which two groups are named {group['name']!r}."
        for check in (_name, _sizes, _instances, _labels, _taints, _update, _volume):
            if found := check(group):
                return f"in which {found}"
    if all(any(taint["effect"] in KEEPING_OUT for taint in _of(group, "taints")) for group in groups):
        return "in which each group has a taint, so that CoreDNS could run nowhere. Leave one without."
    return None


def _of(group: Group, key: str) -> list[Any]:
    return list(group.get(key) or [])


def _name(group: Group) -> str | None:
    name = group["name"]
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}", name):
        return None
    return f"the name {name!r} is none of 1 to 31 letters, digits, hyphens and underscores."


def _sizes(group: Group) -> str | None:
    name, fewest, most = group["name"], group["min_size"], group["max_size"]
    desired = fewest if group.get("desired_size") is None else group["desired_size"]
    if fewest < 0 or most < 1:
        return f"{name} has a min_size of {fewest} and a max_size of {most}; 0 and 1 are the least."
    if fewest > most:
        return f"{name} has a min_size of {fewest}, more than its max_size of {most}."
    if not fewest <= desired <= most:
        return f"{name} has a desired_size of {desired}, not between {fewest} and {most}."
    return None


def _instances(group: Group) -> str | None:
    name, kinds = group["name"], group["instance_types"]
    for kind in kinds:
        if not re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", kind):
            return f"{name} has {kind!r}, which is no instance type, such as m7i.large."
    if not kinds:
        return f"{name} has no instance_types."
    if len(set(kinds)) < len(kinds):
        return f"{name} has an instance type twice."
    if group.get("capacity_type") == "SPOT" and len(kinds) < 2:
        return (
            f"{name} has spot instances of one type alone, which AWS takes back at once. "
            "Give it several of one size."
        )
    return None


def _labels(group: Group) -> str | None:
    for key, value in (group.get("labels") or {}).items():
        if RESERVED.fullmatch(str(key)) or str(key) == "platform/node-group":
            return f"{group['name']} has the label {key}, which is not the inventory's to give."
        if not LABEL.fullmatch(str(key)) or not LABEL_VALUE.fullmatch(str(value)):
            return f"{group['name']} has the label {key}={value}, which Kubernetes does not take."
    return None


def _taints(group: Group) -> str | None:
    seen = set()
    for taint in _of(group, "taints"):
        if (known := (taint["key"], taint["effect"])) in seen:
            return f"{group['name']} has the taint {taint['key']} with {taint['effect']} twice."
        seen.add(known)
        if RESERVED.fullmatch(taint["key"]):
            return f"{group['name']} has the taint {taint['key']}, which is not the inventory's to give."
    return None


def _update(group: Group) -> str | None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html"""
    given = {key: value for key, value in (group.get("update_config") or {}).items() if value is not None}
    if len(given) > 1:
        return f"{group['name']} has an update_config with both a number and a percentage."
    for key, value in given.items():
        if not 1 <= value <= 100:
            return f"{group['name']} has {key}: {value}, which is not between 1 and 100."
    return None


def _volume(group: Group) -> str | None:
    size = group.get("volume_size")
    found = VOLUME(size) if size is not None else None
    return f"{group['name']} has a volume_size of {size}, which {found}" if found else None


ACCESS = Rule(each(arn("(?:user|role)/.+")), f"{EKS}/APIReference/API_CreateAccessEntry.html")
CLUSTER_RULES: dict[str, Rule] = {
    "cluster_version": Rule(single(like(r"1\.\d{2}", "version of EKS, such as 1.35"))),
    "cluster_addon_versions": Rule(addon_versions, f"{EKS}/userguide/workloads-add-ons-available-eks.html"),
    "cluster_service_cidr": Rule(
        single(ipv4(shortest=12, longest=24, within=("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))),
        f"{EKS}/APIReference/API_KubernetesNetworkConfigRequest.html",
    ),
    # A list of all addresses is none: it lets everybody in.
    "cluster_public_access_cidrs": Rule(
        each(ipv4(shortest=8)), f"{EKS}/APIReference/API_VpcConfigRequest.html"
    ),
    "cluster_administrators": ACCESS,
    "cluster_deployers": ACCESS,
    "cluster_viewers": ACCESS,
    "cluster_node_groups": Rule(node_groups, f"{EKS}/APIReference/API_CreateNodegroup.html"),
    "cluster_node_volume_size": Rule(
        single(VOLUME), "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html"
    ),
}
