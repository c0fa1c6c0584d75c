# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The address plan of a VPC: which subnet lies where."""

from __future__ import annotations

DOCUMENTATION = """
name: subnets
short_description: Cut a VPC's address range into public, private and database subnets
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - A VPC is cut into eighths. The first six are the private subnets, one for each zone letter from C(a) to
    C(f), because pods take their addresses there. The seventh holds the public and the eighth the database
    subnets, an eighth of it each.
  - Of the VPC's IPv6 range, each subnet has one /64 of the 256 that there are. The private subnets have
    those from C(00) on, the public ones from C(10) on, and the database subnets from C(20) on.
  - A subnet's place depends on its zone's letter alone, so adding or removing a zone moves no other subnet.
positional: _input
options:
  _input:
    description: The VPC's IPv4 range, between /16 and /22. AWS allows no subnet smaller than /28.
    type: str
    required: true
  zones:
    description: Names of availability zones, such as C(eu-west-1a). The letter is the last character.
    type: list
    elements: str
    required: true
  ipv6_cidr:
    description:
      - The VPC's IPv6 range, a /56 as Amazon provides it; empty where it has none. In a plan it may be
        unknown, and so are the subnets' ranges then.
    type: str
    default: ''
seealso:
  - name: Subnet sizing for IPv4
    description: Legal sizes and the five addresses that AWS keeps in every subnet.
    link: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
"""

EXAMPLES = """
- name: Show where each subnet lies
  ansible.builtin.debug:
    msg: "{{ '192.168.0.0/16' | notejam.platform.subnets(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']) }}"
"""

RETURN = """
_value:
  description: The subnets, public ones first, each purpose ordered by zone.
  type: list
  elements: dict
  contains:
    purpose:
      description: One of V(public), V(private), V(database).
      type: str
    zone:
      description: The availability zone.
      type: str
    cidr:
      description: The subnet's IPv4 range.
      type: str
    ipv6_cidr:
      description: The subnet's IPv6 range; empty where the VPC has none.
      type: str
"""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network

from ansible.errors import AnsibleFilterError
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN, holds_unknown

ZONE_LETTERS = "abcdef"
PREFIX_LENGTHS = range(16, 23)
PURPOSES = ("public", "private", "database")
IPV6_LENGTH = 56  # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#vpc-sizing-ipv6
IPV6_PLACES = {"private": 0x00, "public": 0x10, "database": 0x20}


def _network(cidr: str) -> IPv4Network:
    try:
        network = IPv4Network(cidr)
    except ValueError as error:
        raise AnsibleFilterError(
            f"'{cidr}' is not a VPC's IPv4 range: {error}. Write it as 192.168.0.0/16."
        ) from error
    if network.prefixlen not in PREFIX_LENGTHS:
        raise AnsibleFilterError(
            f"'{cidr}' is too {'large' if network.prefixlen < 16 else 'small'} for a VPC of three kinds of "
            f"subnets: choose a range between /{PREFIX_LENGTHS[0]} and /{PREFIX_LENGTHS[-1]}."
        )
    return network


def _slot(zone: str) -> int:
    letter = zone[-1:]
    if not letter or letter not in ZONE_LETTERS:
        raise AnsibleFilterError(
            f"Zone '{zone}' has no place in the address plan: "
            f"its name must end in one of {', '.join(ZONE_LETTERS)}."
        )
    return ZONE_LETTERS.index(letter)


def _ipv6(cidr: str, place: int) -> str:
    """The /64 in that place of the VPC's range; unknown of an unknown range, nothing of none."""
    if not cidr or holds_unknown(cidr):
        return UNKNOWN if cidr else ""
    try:
        network = IPv6Network(cidr)
    except ValueError as error:
        raise AnsibleFilterError(f"'{cidr}' is not a VPC's IPv6 range: {error}.") from error
    if network.prefixlen != IPV6_LENGTH:
        raise AnsibleFilterError(f"'{cidr}' is not a VPC's IPv6 range: those are /{IPV6_LENGTH}.")
    return str(IPv6Network((int(network.network_address) + (place << 64), 64)))


def subnets(cidr: str, zones: list[str], ipv6_cidr: str = "") -> list[dict[str, str]]:
    """Returns `purpose`, `zone`, `cidr` and `ipv6_cidr` of every subnet of a VPC.

    Raises AnsibleFilterError for a range that is not IPv4 or not between /16 and /22, for one that is not
    IPv6 or not /56, and for a zone without a place.
    """
    eighths = list(_network(cidr).subnets(prefixlen_diff=3))
    places = {
        "private": eighths[:6],
        "public": list(eighths[6].subnets(prefixlen_diff=3)),
        "database": list(eighths[7].subnets(prefixlen_diff=3)),
    }
    return [
        {
            "purpose": purpose,
            "zone": zone,
            "cidr": str(places[purpose][_slot(zone)]),
            "ipv6_cidr": _ipv6(ipv6_cidr, IPV6_PLACES[purpose] + _slot(zone)),
        }
        for purpose in PURPOSES
        for zone in sorted(zones)
    ]


class FilterModule:
    """Filters of the collection about subnets."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, str]]]]:
        return {"subnets": subnets}
