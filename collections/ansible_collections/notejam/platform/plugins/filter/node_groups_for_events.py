# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Node groups with the sizes that announced events ask for."""

from __future__ import annotations

DOCUMENTATION = """
name: node_groups_for_events
short_description: Size node groups for the announced events of this moment, and plan those to come
version_added: 0.2.0
author: Notejam platform contributors (@notejam)
description:
  - Returns the node groups with their C(min_size) and C(desired_size) as they must be at the moment, and with
    a C(schedule) of what changes later, for M(notejam.platform.autoscaling_schedule).
  - Events that overlap raise a group to the largest of what they ask for.
positional: _input, events
options:
  _input:
    description: Node groups with C(name), C(min_size), C(max_size) and maybe C(desired_size).
    type: list
    elements: dict
    required: true
  events:
    description: The announced events, as C(platform_events) lists them.
    type: list
    elements: dict
    required: true
  at:
    description: The moment, as ISO 8601 with a time zone. The present one when left out.
    type: str
"""

EXAMPLES = """
- name: Show how many nodes there must be now
  ansible.builtin.debug:
    msg: "{{ cluster_node_groups | notejam.platform.node_groups_for_events(platform_events) }}"
"""

RETURN = """
_value:
  description: The node groups.
  type: list
  elements: dict
  contains:
    schedule:
      description: An action for each moment to come at which the size changes, in order.
      type: list
      elements: dict
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.notejam.platform.plugins.plugin_utils import events as announced


def node_groups_for_events(
    groups: list[dict[str, Any]], events: list[dict[str, Any]], at: str = ""
) -> list[dict[str, Any]]:
    """The groups as they must be at that moment, each with its `schedule`."""
    moment = announced.moment(at) if at else announced.now()
    known = announced.read(events)
    return [_sized(group, known, moment) for group in groups]


def _sized(group: dict[str, Any], events: Sequence[announced.Event], at: datetime) -> dict[str, Any]:
    own = group.get("desired_size") or group["min_size"]
    size = announced.nodes(group["name"], group["min_size"], events, at)
    return {
        **group,
        "min_size": size,
        "desired_size": max(own, size),
        "schedule": _schedule(group, events, at, own),
    }


def _schedule(
    group: dict[str, Any], events: Sequence[announced.Event], at: datetime, own: int
) -> list[dict[str, Any]]:
    """A raise lifts the floor alone, so that it takes away no node that load has asked for before."""
    actions = []
    before = announced.nodes(group["name"], group["min_size"], events, at)
    for moment in announced.boundaries(events, at):
        size = announced.nodes(group["name"], group["min_size"], events, moment)
        if size != before:
            action = {
                "name": f"event-{group['name']}-{moment:%Y%m%dT%H%MZ}",
                "start_time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                "min_size": size,
            }
            if size < before:
                action["desired_capacity"] = max(own, size)
            actions.append(action)
            before = size
    return actions


class FilterModule:
    """The filter, for Ansible's loader."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"node_groups_for_events": node_groups_for_events}
