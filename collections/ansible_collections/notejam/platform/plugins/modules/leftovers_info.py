#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: leftovers_info
version_added: 0.1.0
short_description: Tell everything that is left of sites in a region
description:
  - Sweeps a region for what belongs to sites of an environment, by their tags, by their VPC whoever made
    what is in it, by the tags that EKS and the controllers of a cluster put, and by the names of what cannot
    have tags.
  - Asks every service that the platform uses by its own list calls, and the tagging API for any other. Alone,
    that one knows neither all services nor what has no tags, and goes on telling what is gone.
  - What stays on purpose is told apart from what is left, such as backups under retention, a snapshot, and a
    key that is deleted later or encrypts one of these.
  - Reads only.
author:
  - Notejam platform contributors (@notejam)
options:
  environment:
    description: The environment, as in the tag C(platform:environment).
    type: str
    required: true
  sites:
    description: The sites that are looked for, as in the tag C(platform:site).
    type: list
    elements: str
    required: true
  name:
    description:
      - How the names of what is the environment's begin, such as V(notejam-prod).
      - Only what carries no tags of an environment is judged by its name.
    type: str
    required: true
  cluster_name:
    description: The name of the sites' EKS clusters; the same as O(name) by default.
    type: str
  account_id:
    description: The account.
    type: str
    required: true
  account_wide:
    description: Whether what the sites share is looked for, too, because none of them is to be left.
    type: bool
    default: true
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
- name: See that nothing is left of the environment
  notejam.platform.leftovers_info:
    environment: prod
    sites: [prod_eu_west_1, prod_eu_central_1]
    name: notejam-prod
    account_id: "123456789012"
    region: eu-west-1
  register: swept
  failed_when: swept.leftovers | length > 0
"""

RETURN = r"""
leftovers:
  description: What is left, ordered by ARN.
  returned: always
  type: list
  elements: dict
  contains:
    arn:
      description: Its ARN; for what has none, such as a rule of a registry, one of the same shape.
      type: str
      sample: arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0123456789abcdef0
    component:
      description: The component whose it is, or is most likely.
      type: str
      sample: network
    why:
      description: How it was found, as it follows the ARN in a sentence.
      type: str
      sample: is in vpc-0123456789abcdef0, the VPC of notejam-prod (by-hand); no role made it
kept:
  description: What stays on purpose; C(why) says what for and, where AWS tells it, until when.
  returned: always
  type: list
  elements: dict
  contains:
    arn:
      description: Its ARN.
      type: str
    component:
      description: The component whose it is.
      type: str
    why:
      description: Why it stays, as it follows the ARN in a sentence.
      type: str
      sample: is a recovery point of notejam-prod, kept until 2029-11-25
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

try:
    from boto3.session import Session
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import session
from ansible_collections.notejam.platform.plugins.module_utils.leftovers import (
    accounts,
    clusters,
    databases,
    ec2,
    edge,
    keys,
    storage,
    tagged,
    watching,
)
from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import Found, Scope

# Named one by one, because Ansible sends a module only what it imports by name.
# Of one ARN, the first tells why.
LISTS: dict[str, Callable[[Session, Scope], Iterator[Found]]] = {
    "network": ec2.find,
    "clusters": clusters.find,
    "databases": databases.find,
    "storage": storage.find,
    "keys and secrets": keys.find,
    "logs and alarms": watching.find,
    "names and certificates": edge.find,
    "identities": accounts.find,
    "tagged resources": tagged.find,
}


def sweep(module: AnsibleAWSModule, scope: Scope) -> list[Found]:
    """Everything that is found, by ARN; ends the module, naming the list, at the first error."""
    found: dict[str, Found] = {}
    # boto3's sessions are not safe to share between threads, so each list has its own.
    sessions = {name: session(module) for name in LISTS}
    with ThreadPoolExecutor(max_workers=len(LISTS)) as pool:
        pending = {name: pool.submit(_listed, find, sessions[name], scope) for name, find in LISTS.items()}
        for name, future in pending.items():
            try:
                for each in future.result():
                    found.setdefault(each.arn, each)
            except (BotoCoreError, ClientError) as error:
                module.fail_json_aws(error, msg=f"Cannot list the {name} of {scope.region}")
    return [found[arn] for arn in sorted(found)]


def _listed(find: Callable[[Session, Scope], Iterator[Found]], own: Session, scope: Scope) -> list[Found]:
    return list(find(own, scope))


def told(found: list[Found], kept: bool) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in asdict(each).items() if key != "kept"}
        for each in found
        if each.kept == kept
    ]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "environment": {"required": True},
            "sites": {"type": "list", "elements": "str", "required": True},
            "name": {"required": True},
            "cluster_name": {},
            "account_id": {"required": True},
            "account_wide": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    for option in ("environment", "name"):
        if not params[option]:
            module.fail_json(msg=f"{option} is empty; without it, everything in the account would be told.")
    region = str(module.region)
    scope = Scope(
        environment=params["environment"],
        sites=frozenset(params["sites"]),
        name=params["name"],
        cluster=params["cluster_name"] or params["name"],
        account=params["account_id"],
        region=region,
        account_wide=params["account_wide"],
        partition=str(session(module).get_partition_for_region(region)),
    )
    found = sweep(module, scope)
    module.exit_json(changed=False, leftovers=told(found, kept=False), kept=told(found, kept=True))


if __name__ == "__main__":
    main()
