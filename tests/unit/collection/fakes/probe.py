#!/usr/bin/python
"""Tells where it runs, and leaves its process as untidy as a module can."""

from __future__ import annotations

import os
import sys
import tempfile

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: probe
short_description: Tell where the module runs
description: Tell where the module runs.
author: Nobody
options:
  end: {type: str, default: result, choices: [result, message, exception, exit, junk]}
  password: {type: str}
"""
EXAMPLES = ""
RETURN = ""


def main() -> None:
    print("junk before the result")
    module = AnsibleModule(
        argument_spec={
            "end": {"default": "result", "choices": ["result", "message", "exception", "exit", "junk"]},
            "password": {"no_log": True},
        },
        supports_check_mode=True,
    )
    seen = {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "directory": os.getcwd(),
        "variable": os.environ.get("PROBE"),
        "left": os.environ.get("PROBE_LEFT"),
        "temporary": module.tmpdir,
    }
    os.environ["PROBE_LEFT"] = "by an earlier module"
    os.chdir(tempfile.gettempdir())
    sys.path.insert(0, "/nowhere")
    module.warn("a warning of the probe")
    module.deprecate("a deprecation of the probe", version="99.0.0", collection_name="community.aws")
    if module.params["end"] == "message":
        module.fail_json(msg=f"failed with {module.params['password']}", **seen)
    if module.params["end"] == "exception":
        raise RuntimeError("the probe crashed")
    if module.params["end"] == "exit":
        sys.exit(3)
    if module.params["end"] == "junk":
        print("no result at all")
        return
    module.exit_json(changed=False, said=module.params["password"], **seen)


if __name__ == "__main__":
    main()
