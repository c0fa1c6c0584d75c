# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The alarms of a site, from the table of them and an environment's changes to it."""

from __future__ import annotations

DOCUMENTATION = """
name: alarms
short_description: Change a table of alarms by name
version_added: 0.2.0
author: Notejam platform contributors (@notejam)
description:
  - Returns the alarms of the table that are enabled, with an environment's changes.
positional: _input, changes, variable
options:
  _input:
    description:
      - The table, a dict of alarms by name. Each has options of
        M(notejam.platform.cloudwatch_metric_alarm), and C(enabled), which is true unless said otherwise.
    type: dict
    required: true
  changes:
    description: What differs, a dict by name of those options that do.
    type: dict
    required: true
  variable:
    description: The variable that holds the changes, for messages.
    type: str
    default: observability_alarms
"""

EXAMPLES = """
- name: Let slow answers be slower
  ansible.builtin.debug:
    msg: "{{ table | notejam.platform.alarms({'slow-answers': {'threshold': 2}}) }}"
"""

RETURN = """
_value:
  description: The alarms, each with its C(name), in the order of the table.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError


def alarms(
    table: dict[str, dict[str, Any]],
    changes: dict[str, dict[str, Any]],
    variable: str = "observability_alarms",
) -> list[dict[str, Any]]:
    """Raises AnsibleFilterError for a change of an alarm, or of an option, that the table does not have."""
    for name, change in changes.items():
        if name not in table:
            raise AnsibleFilterError(f"{variable} changes '{name}', but the alarms are {', '.join(table)}.")
        strangers = sorted(change.keys() - table[name].keys() - {"enabled"})
        if strangers:
            raise AnsibleFilterError(
                f"{variable} changes {', '.join(strangers)} of '{name}', which has {', '.join(table[name])}."
            )
    merged = ({"enabled": True, **one, **changes.get(name, {}), "name": name} for name, one in table.items())
    return [
        {key: value for key, value in one.items() if key != "enabled"} for one in merged if one["enabled"]
    ]


class FilterModule:
    """The filter, for Ansible's loader."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"alarms": alarms}
