#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
version_added: 0.1.0
short_description: Refuse an impossible run before any change
description:
  - Checks the tools, every role's variables, the AWS credentials, their account and the region, and fails
    with everything that is wrong at once. Changes nothing.
  - The variables of all roles are compared with their C(meta/argument_specs.yml) here, not only when each
    role starts; a variable that no role declares and that looks like one is taken for a misspelling.
  - The inventory's C(platform_account_id) must be the account of the credentials, and C(platform_region)
    must be enabled for it.
author:
  - Notejam platform contributors (@notejam)
options:
  roles:
    description: The folder of the roles.
    type: path
    required: true
  python:
    description: The oldest Python that will do.
    type: str
    required: true
  libraries:
    description: The oldest versions that will do, by the names of Python packages.
    type: dict
    required: true
  programs:
    description: Programs that must be on C(PATH).
    type: list
    elements: str
    required: true
  collections:
    description: The collections and their versions, as in C(requirements.yml).
    type: list
    elements: dict
    required: true
attributes:
  action:
    description: It is an action, and runs on the controller.
    support: full
  check_mode:
    description: Changes nothing in any mode.
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
- name: Refuse an impossible run
  notejam.platform.preflight:
    roles: roles
    python: "3.12"
    libraries:
      boto3: "1.44"
    programs: [aws, git]
    collections:
      - name: amazon.aws
        version: 11.4.0
"""

RETURN = r"""
msg:
  description: What stands against the run, one line each with where it was set and what to do.
  returned: failure
  type: str
"""
