# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Options of the modules of CloudWatch's alarms, metric and composite (module_utils/alarm.py)."""


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description: The alarm's name.
    type: str
    required: true
  description:
    description: What the alarm means, and what to do. Markdown is shown.
    type: str
    default: ""
  actions_enabled:
    description: Whether the actions are taken.
    type: bool
    default: true
  alarm_actions:
    description: ARNs of what is told when the alarm goes off.
    type: list
    elements: str
    default: []
  ok_actions:
    description: ARNs of what is told when all is well again.
    type: list
    elements: str
    default: []
  insufficient_data_actions:
    description: ARNs of what is told when data is missing.
    type: list
    elements: str
    default: []
"""
