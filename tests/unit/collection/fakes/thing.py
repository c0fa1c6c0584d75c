#!/usr/bin/python
"""A resource whose check mode tells less than its run."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: thing
short_description: Manage a thing
description: Manage a thing.
author: Nobody
options:
  name: {type: str, required: true}
  state: {type: str, default: present, choices: [present, absent]}
  parent_ids: {type: list, elements: str}
  password: {type: str}
  parts:
    type: list
    elements: dict
    suboptions:
      name: {type: str}
      token: {type: str}
"""
EXAMPLES = ""
RETURN = """
thing:
  description: The thing.
  returned: success
  type: dict
  contains:
    id: {description: Id., type: str}
    name: {description: Name., type: str}
    network:
      description: Network.
      type: dict
      contains:
        address: {description: Address., type: str}
    members:
      description: Members.
      type: list
      elements: dict
      contains:
        id: {description: Id., type: str}
    zones: {description: Zones., type: list, elements: str}
"""


def main() -> None:
    part = {"name": {}, "token": {"no_log": True}}
    module = AnsibleModule(
        argument_spec={
            "name": {"required": True, "aliases": ["title"]},
            "state": {"default": "present", "choices": ["present", "absent"]},
            "parent_ids": {"type": "list", "elements": "str"},
            "password": {"no_log": True},
            "parts": {"type": "list", "elements": "dict", "options": part},
        },
        supports_check_mode=True,
    )
    thing = {"name": module.params["name"]} if module.params["state"] == "present" else None
    module.exit_json(changed=True, thing=thing)


if __name__ == "__main__":
    main()
