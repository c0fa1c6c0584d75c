# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How large something must be for announced events."""

from __future__ import annotations

DOCUMENTATION = """
name: size_for_events
short_description: Tell how large something must be at least for the announced events of this moment
version_added: 0.2.0
author: Notejam platform contributors (@notejam)
description:
  - Returns the size itself, or the largest that one of the events of this moment asks for.
  - An event's factor raises replicas and the capacity of the database, and no number of instances.
positional: _input, what, events
options:
  _input:
    description: The size without any event.
    type: float
    required: true
  what:
    description: Whose size it is, by the key with which an event may give it.
    type: str
    choices: [replicas, database_capacity, database_instances]
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
- name: Show how many replicas there must be now
  ansible.builtin.debug:
    msg: "{{ notejam_replicas | notejam.platform.size_for_events('replicas', platform_events) }}"
"""

RETURN = """
_value:
  description: The size, a whole number where it is one.
  type: float
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.notejam.platform.plugins.plugin_utils import events as announced


def size_for_events(own: float, what: str, events: list[dict[str, Any]], at: str = "") -> float:
    """The size at that moment. Raises AnsibleFilterError for what no event can give a size."""
    if what not in announced.STEPS:
        raise AnsibleFilterError(f"No event gives {what!r} a size. Those are {', '.join(announced.STEPS)}.")
    moment = announced.moment(at) if at else announced.now()
    size = announced.size(what, float(own), announced.read(events), moment)
    return int(size) if size.is_integer() else size


class FilterModule:
    """The filter, for Ansible's loader."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"size_for_events": size_for_events}
