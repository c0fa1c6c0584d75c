#!/usr/bin/python
"""Waits until it is ended."""

from __future__ import annotations

import time

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    AnsibleModule(argument_spec={})
    time.sleep(3600)


if __name__ == "__main__":
    main()
