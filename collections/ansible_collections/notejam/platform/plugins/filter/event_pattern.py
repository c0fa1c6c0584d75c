# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The pattern of CloudTrail's events for a metric filter."""

from __future__ import annotations

DOCUMENTATION = """
name: event_pattern
short_description: Write the metric filter's pattern of events of CloudTrail
version_added: 0.2.0
author: Notejam platform contributors (@notejam)
description:
  - Returns the pattern that a row gives whole, or the one of the events that it names, see
    U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
options:
  _input:
    description:
      - A dict with C(pattern), or with C(events), the names of operations, and C(source), the service
        that they are of where their names do not tell, such as C(kms.amazonaws.com).
    type: dict
    required: true
"""

EXAMPLES = """
- name: Show the pattern of what disables a key
  ansible.builtin.debug:
    msg: "{{ {'source': 'kms.amazonaws.com', 'events': ['DisableKey']} | notejam.platform.event_pattern }}"
  # { ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey)) }
"""

RETURN = """
_value:
  description: The pattern.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
LONGEST = 1024


def event_pattern(row: dict[str, Any]) -> str:
    """Raises AnsibleFilterError for a pattern that is longer than CloudWatch Logs takes."""
    pattern = str(row["pattern"]) if row.get("pattern") else _of_events(row)
    if len(pattern) > LONGEST:
        raise AnsibleFilterError(
            f"The pattern of {row.get('name', 'a metric filter')} has {len(pattern)} characters, "
            f"but CloudWatch Logs takes {LONGEST}: make two of it."
        )
    return pattern


def _of_events(row: dict[str, Any]) -> str:
    names = " || ".join(f"($.eventName = {name})" for name in row["events"])
    return f"{{ ($.eventSource = {row['source']}) && ({names}) }}" if row.get("source") else f"{{ {names} }}"


class FilterModule:
    """The filter, for Ansible's loader."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"event_pattern": event_pattern}
