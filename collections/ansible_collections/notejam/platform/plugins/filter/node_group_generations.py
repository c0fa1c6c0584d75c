# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which EKS node group serves for each declared one: a new one where EKS cannot change the present one."""

from __future__ import annotations

DOCUMENTATION = """
name: node_group_generations
short_description: Name the EKS node groups, the next generation where one cannot be changed in place
version_added: 0.3.0
author: Notejam platform contributors (@notejam)
description:
  - EKS cannot change the instance types, the image type, the capacity type and the subnets of a node group.
    Where one of these differs, a new group with another name takes over before the old one is deleted.
  - A declared group's first generation has its own name, the next ones C(NAME-2), C(NAME-3) and so on.
positional: _input, present, subnets, tags
options:
  _input:
    description:
      - The declared groups, a list of dicts with C(name), C(instance_types), C(ami_type), C(capacity_type),
        C(min_size) and C(max_size).
    type: list
    elements: dict
    required: true
  present:
    description: The node groups that are there, as M(notejam.platform.eks_nodegroup_info) tells them.
    type: list
    elements: dict
    required: true
  subnets:
    description: The subnets that are declared for all groups.
    type: list
    elements: str
    required: true
  tags:
    description: What the site's own groups carry; others are never obsolete.
    type: dict
    required: true
"""

EXAMPLES = """
- name: Name the groups that serve
  ansible.builtin.debug:
    msg: "{{ groups | notejam.platform.node_group_generations(found.nodegroups, subnets, tags) }}"
"""

RETURN = """
_value:
  description:
    - A dict. C(groups) is the declared groups with C(nodegroup_name), the name of the one that serves, and
      with the size of the one whose place it takes as C(desired_size).
    - C(obsolete) is the names of the site's groups that serve for none.
  type: dict
"""

import re
from collections.abc import Callable
from itertools import count
from typing import Any

from ansible_collections.notejam.platform.plugins.module_utils.unknown import holds_unknown

Group = dict[str, Any]
PURPOSE = "platform:purpose"
DEFAULTS = {"ami_type": "AL2023_x86_64_STANDARD", "capacity_type": "ON_DEMAND"}


def node_group_generations(
    groups: list[Group], present: list[Group], subnets: list[str], tags: dict[str, str]
) -> dict[str, Any]:
    """The groups that serve and those that are obsolete."""
    declared = {group["name"] for group in groups}
    serving = [_serving(group, present, declared - {group["name"]}, subnets) for group in groups]
    kept = {group["nodegroup_name"] for group in serving}
    own = [one for one in present if all(one["tags"].get(key) == value for key, value in tags.items())]
    return {"groups": serving, "obsolete": sorted({one["nodegroup_name"] for one in own} - kept)}


def _serving(group: Group, present: list[Group], others: set[str], subnets: list[str]) -> Group:
    """By name, so that tags that somebody removed make no new group."""
    name = group["name"]
    generations = sorted(
        (
            one
            for one in present
            if _number(one["nodegroup_name"], name)
            and one["nodegroup_name"] not in others
            and one["tags"].get(PURPOSE, name) == name
        ),
        key=lambda one: _number(one["nodegroup_name"], name),
    )
    for one in reversed(generations):
        if _serves(one, group, subnets):
            return {**group, "nodegroup_name": one["nodegroup_name"]}
    taken = others | {one["nodegroup_name"] for one in present}
    free = next(new for number in count(1) if (new := _named(name, number)) not in taken)
    if not generations:
        return {**group, "nodegroup_name": free}
    size = generations[-1]["scaling_config"]["desired_size"]
    size = min(max(size, group["min_size"]), group["max_size"])
    return {**group, "nodegroup_name": free, "desired_size": size}


def _serves(one: Group, group: Group, subnets: list[str]) -> bool:
    """Whether EKS can bring the present group to what is declared without making it anew."""
    same_place = holds_unknown(subnets) or sorted(one["subnets"]) == sorted(subnets)
    declared = {**DEFAULTS, **{key: value for key, value in group.items() if value is not None}}
    return same_place and all(
        one[key] == declared[key] for key in ("instance_types", "ami_type", "capacity_type")
    )


def _named(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _number(found: str, name: str) -> int:
    """Which generation of `name` this is called; 0 for none."""
    match = re.fullmatch(rf"{re.escape(name)}(?:-([2-9]|[1-9]\d+))?", found)
    return int(match[1] or 1) if match else 0


class FilterModule:
    """The filter, for Ansible's loader."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"node_group_generations": node_group_generations}
