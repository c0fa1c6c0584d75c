#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_ip_set
version_added: 0.2.0
short_description: Manage an IP set of AWS WAF
description:
  - Keeps the address ranges that rules of AWS WAF allow, block or count. The set is found by its name.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The set's name.
    type: str
    required: true
  scope:
    description: V(REGIONAL) for load balancers, V(CLOUDFRONT) for distributions.
    type: str
    choices: [REGIONAL, CLOUDFRONT]
    default: REGIONAL
  description:
    description: What the set is for.
    type: str
  ip_address_version:
    description: The version of the set's addresses, which cannot be changed.
    type: str
    choices: [IPV4, IPV6]
    default: IPV4
  addresses:
    description:
      - Ranges in CIDR notation, of prefix length 1 or more. An address alone is taken as the range of itself.
      - Ranges that are not listed are removed.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Block a network
  notejam.platform.wafv2_ip_set:
    name: notejam-prod-blocked-ipv4
    addresses: [192.0.2.0/24]
"""

RETURN = r"""
ip_set:
  description: The set; none with O(state=absent).
  returned: success
  type: dict
  contains:
    addresses:
      description: The ranges, sorted.
      type: list
      elements: str
    arn:
      description: The set's ARN, by which rules name it.
      type: str
      sample: arn:aws:wafv2:eu-west-1:123456789012:regional/ipset/notejam-prod-blocked-ipv4/a1b2c3d4
    description:
      description: What the set is for.
      type: str
    id:
      description: The set's id.
      type: str
    ip_address_version:
      description: The version of the addresses.
      type: str
    name:
      description: The set's name.
      type: str
    tags:
      description: The set's tags.
      type: dict
"""

import ipaddress
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.resource import argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_list
from ansible_collections.notejam.platform.plugins.module_utils.wafv2 import WafResource


class IpSet(WafResource):
    """An IP set: https://docs.aws.amazon.com/waf/latest/APIReference/API_IPSet.html."""

    name = "ip_set"
    kind = "ip_set"
    listed = "IPSets"
    list_operation = "list_ip_sets"
    immutable = frozenset({"ip_address_version"})
    computed = frozenset({"arn", "id"})
    comparisons: ClassVar = {"addresses": same_items}

    def desired(self) -> dict[str, Any]:
        return self.declared("name", "description", "ip_address_version", "addresses", "tags")

    def describe(self) -> dict[str, Any] | None:
        answer = self.read()
        if answer is None:
            return None
        found = answer["IPSet"]
        return {
            "addresses": sorted(found["Addresses"]),
            "arn": found["ARN"],
            "description": found.get("Description", ""),
            "id": found["Id"],
            "ip_address_version": found["IPAddressVersion"],
            "name": found["Name"],
            "tags": self.tags_of(found["ARN"]),
        }

    def create(self, desired: dict[str, Any]) -> None:
        self.waf.create_ip_set(
            Name=desired["name"],
            Scope=self.params["scope"],
            IPAddressVersion=desired["ip_address_version"],
            Addresses=desired["addresses"],
            **({"Description": desired["description"]} if desired.get("description") else {}),
            **({"Tags": as_list(desired["tags"])} if desired.get("tags") else {}),
        )

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        new = current | {key: value for key, (_old, value) in changes.items()}
        answer = self.read() or {}
        self.waf.update_ip_set(
            **self.key(current["id"]),
            Addresses=new["addresses"],
            LockToken=answer["LockToken"],
            **({"Description": new["description"]} if new["description"] else {}),
        )


def ranges(addresses: list[str], version: str) -> list[str]:
    """The addresses as WAF writes them, sorted. Raises ValueError naming the first that WAF refuses."""
    networks = set()
    for address in addresses:
        try:
            network = ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise ValueError(f"'{address}' is no range of addresses.") from None
        if f"IPV{network.version}" != version:
            raise ValueError(f"'{address}' is of IPv{network.version}, but the set is of {version}.")
        if network.prefixlen == 0:
            raise ValueError(f"'{address}' is every address; WAF takes ranges from a prefix length of 1.")
        networks.add(str(network))
    return sorted(networks)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            scope={"choices": ["REGIONAL", "CLOUDFRONT"], "default": "REGIONAL"},
            description={},
            ip_address_version={"choices": ["IPV4", "IPV6"], "default": "IPV4"},
            addresses={"type": "list", "elements": "str", "default": []},
        ),
        supports_check_mode=True,
    )
    try:
        addresses = ranges(module.params["addresses"], module.params["ip_address_version"])
    except ValueError as error:
        module.fail_json(msg=f"addresses of the IP set {module.params['name']}: {error}")
    module.params["addresses"] = addresses
    reconcile(IpSet(module))


if __name__ == "__main__":
    main()
