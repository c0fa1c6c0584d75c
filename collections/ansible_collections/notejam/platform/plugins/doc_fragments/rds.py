# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Options of the modules of Aurora's clusters, instances and parameter groups (module_utils/rds.py)."""


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  engine:
    description: The database engine, the same for a cluster and its instances. It cannot change.
    type: str
    default: aurora-postgresql
  preferred_maintenance_window:
    description: When AWS may make changes, in UTC, such as V(sun:03:30-sun:04:30).
    type: str
  apply_immediately:
    description:
      - Whether changes that interrupt are made at once. Otherwise AWS makes them in the maintenance window,
        and those that it would not leave for it are refused.
    type: bool
    default: false
notes:
  - What a change interrupts, and what waits for the maintenance window or a restart, is said in warnings, in
    a plan too.
  - A change that AWS applies in the maintenance window counts as made once it is pending.
  - What AWS cannot change in place is refused with a message, and never done by a replacement.
"""

    # Of the parameter groups of clusters and of instances.
    PARAMETER_GROUP = r"""
options:
  name:
    description: Name of the group.
    type: str
    required: true
  family:
    description: The engine and major version that it is for. It cannot change.
    type: str
    required: true
  description:
    description: What it is for. It cannot change.
    type: str
    required: true
  parameters:
    description: The value of each parameter that is to differ from the default.
    type: dict
    default: {}
"""
