#!/usr/bin/python
"""Reads things; it must not be run with an unknown."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: thing_info
short_description: Read things
description: Read things.
author: Nobody
options:
  id: {type: str}
"""
EXAMPLES = ""
RETURN = """
things:
  description: The things.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: Id., type: str}
"""


def main() -> None:
    AnsibleModule(argument_spec={"id": {}}, supports_check_mode=True).fail_json(msg="thing_info was run")


if __name__ == "__main__":
    main()
