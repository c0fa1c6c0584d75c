#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: site_info
version_added: 0.1.0
short_description: Discover what a site already has
description:
  - Finds the resources of a site by their tags, all components side by side, and returns for each component
    what its role publishes.
  - Reads only. A component that has nothing yet is an empty dict.
author:
  - Notejam platform contributors (@notejam)
options:
  tags:
    description:
      - The tags that every resource of the site carries, such as C(platform:environment).
    type: dict
    required: true
  components:
    description:
      - The components to look for; all of them by default.
    type: list
    elements: str
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Discover what the site already has
  notejam.platform.site_info:
    tags:
      platform:environment: prod
      platform:site: prod_eu_west_1
  register: discovered
"""

RETURN = r"""
site:
  description:
    - What each component has, by its name. The shapes are those that the roles of the same names document.
  returned: always
  type: dict
  sample:
    encryption_keys:
      arns:
        database: arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab
    container_registry: {}
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

try:
    from boto3.session import Session
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import session
from ansible_collections.notejam.platform.plugins.module_utils.site import (
    backups,
    cluster,
    container_registry,
    database,
    edge,
    encryption_keys,
    identity,
    network,
    observability,
    secrets,
    security_groups,
    web_firewall,
)

# Named one by one, because Ansible sends a module only what it imports by name.
COMPONENTS: dict[str, Callable[[Session, dict[str, str]], dict[str, Any] | None]] = {
    "backups": backups.discover,
    "cluster": cluster.discover,
    "container_registry": container_registry.discover,
    "database": database.discover,
    "edge": edge.discover,
    "encryption_keys": encryption_keys.discover,
    "identity": identity.discover,
    "network": network.discover,
    "observability": observability.discover,
    "secrets": secrets.discover,
    "security_groups": security_groups.discover,
    "web_firewall": web_firewall.discover,
}


def discover(module: AnsibleAWSModule, names: list[str]) -> dict[str, Any]:
    """What each component has; ends the module, naming the component, at the first error."""
    tags = module.params["tags"]
    # boto3's sessions are not safe to share between threads, so each component has its own.
    sessions = {name: session(module) for name in names}
    found = {}
    with ThreadPoolExecutor(max_workers=max(len(names), 1)) as pool:
        pending = {name: pool.submit(COMPONENTS[name], sessions[name], tags) for name in names}
        for name, future in pending.items():
            try:
                found[name] = future.result() or {}
            except (BotoCoreError, ClientError) as error:
                module.fail_json_aws(error, msg=f"Cannot discover the site's {name}")
    return found


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "tags": {"type": "dict", "required": True},
            "components": {"type": "list", "elements": "str"},
        },
        supports_check_mode=True,
    )
    names = module.params["components"] or sorted(COMPONENTS)
    if strangers := sorted(set(names) - COMPONENTS.keys()):
        module.fail_json(
            msg=f"No component is called {', '.join(strangers)}; there are {', '.join(COMPONENTS)}."
        )
    module.exit_json(changed=False, site=discover(module, names))


if __name__ == "__main__":
    main()
