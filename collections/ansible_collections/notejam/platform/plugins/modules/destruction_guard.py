#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: destruction_guard
version_added: 0.2.0
short_description: Refuse to destroy what was not meant, or is protected
description:
  - Fails unless one environment is in the inventory, its name was typed exactly, and neither the cluster nor
    the database is protected from deletion by the variables C(cluster_deletion_protection) and
    C(database_deletion_protection). Changes nothing.
author:
  - Notejam platform contributors (@notejam)
options:
  roles:
    description: The folder of the roles, whose defaults count where the inventory sets nothing.
    type: path
    required: true
  environment:
    description: The environment's name, as a person typed it.
    type: str
    default: ""
attributes:
  action:
    description: It is an action, and runs on the controller.
    support: full
  check_mode:
    description: Warns of a missing name and of protection, and only fails for more than one environment.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: none
  platform:
    description: Runs where Ansible does.
    platforms: posix
    support: full
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
"""

EXAMPLES = r"""
- name: Refuse what was not meant
  notejam.platform.destruction_guard:
    roles: roles
    environment: "{{ destroy_environment }}"
"""

RETURN = r"""
msg:
  description: What stands against it, one line each with where it was set and what to do.
  returned: failure
  type: str
"""
