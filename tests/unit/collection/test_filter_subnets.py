"""The filter subnets: the address plan of a VPC."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from itertools import combinations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.notejam.platform.plugins.filter.subnets import PREFIX_LENGTHS, subnets
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN

ZONES = [f"eu-west-1{letter}" for letter in "abcdef"]
# The first and the last range of each size in RFC 1918's blocks: https://www.rfc-editor.org/rfc/rfc1918
RANGES = [
    str(network)
    for block in map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
    for length in PREFIX_LENGTHS
    for network in (
        IPv4Network((block.network_address, length)),
        IPv4Network((int(block.broadcast_address) + 1 - 2 ** (32 - length), length)),
    )
]


@pytest.mark.parametrize("cidr", RANGES)
def test_subnets_lie_in_the_vpc_apart_and_are_legal(cidr: str) -> None:
    networks = [IPv4Network(subnet["cidr"]) for subnet in subnets(cidr, ZONES)]
    assert len(networks) == 18
    assert all(network.subnet_of(IPv4Network(cidr)) for network in networks)
    assert not any(one.overlaps(other) for one, other in combinations(networks, 2))
    # https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    assert all(16 <= network.prefixlen <= 28 for network in networks)


@pytest.mark.parametrize("cidr", RANGES)
def test_private_subnets_are_the_large_ones(cidr: str) -> None:
    sizes = {
        purpose: {
            IPv4Network(each["cidr"]).num_addresses
            for each in subnets(cidr, ZONES)
            if each["purpose"] == purpose
        }
        for purpose in ("public", "private", "database")
    }
    (private,), (public,), (database,) = sizes["private"], sizes["public"], sizes["database"]
    assert private == IPv4Network(cidr).num_addresses // 8
    assert private == 8 * public == 8 * database


@pytest.mark.parametrize("count", range(1, 7))
def test_other_zones_move_no_subnet(count: int) -> None:
    everywhere = {(each["purpose"], each["zone"]): each["cidr"] for each in subnets("192.168.0.0/16", ZONES)}
    for zones in combinations(ZONES, count):
        plan = subnets("192.168.0.0/16", list(zones))
        assert len(plan) == 3 * count
        assert all(each["cidr"] == everywhere[each["purpose"], each["zone"]] for each in plan)


def test_the_default_plan() -> None:
    plan = subnets("192.168.0.0/16", ["eu-west-1b", "eu-west-1a"])
    assert [(each["purpose"], each["zone"][-1], each["cidr"]) for each in plan] == [
        ("public", "a", "192.168.192.0/22"),
        ("public", "b", "192.168.196.0/22"),
        ("private", "a", "192.168.0.0/19"),
        ("private", "b", "192.168.32.0/19"),
        ("database", "a", "192.168.224.0/22"),
        ("database", "b", "192.168.228.0/22"),
    ]


IPV6 = "2001:db8:1234:1a00::/56"


@pytest.mark.parametrize("count", range(1, 7))
def test_ipv6_ranges_lie_apart_and_other_zones_move_none(count: int) -> None:
    plan = subnets("192.168.0.0/16", ZONES, IPV6)
    everywhere = {(each["purpose"], each["zone"]): IPv6Network(each["ipv6_cidr"]) for each in plan}
    assert len(set(everywhere.values())) == 18
    assert all(part.subnet_of(IPv6Network(IPV6)) and part.prefixlen == 64 for part in everywhere.values())
    for each in subnets("192.168.0.0/16", ZONES[6 - count :], IPV6):
        assert IPv6Network(each["ipv6_cidr"]) == everywhere[each["purpose"], each["zone"]]


def test_an_ipv6_range_may_be_none_or_unknown() -> None:
    zones = ["eu-west-1b"]
    assert [each["ipv6_cidr"] for each in subnets("192.168.0.0/16", zones)] == ["", "", ""]
    assert [each["ipv6_cidr"] for each in subnets("192.168.0.0/16", zones, UNKNOWN)] == [UNKNOWN] * 3
    assert [each["ipv6_cidr"] for each in subnets("192.168.0.0/16", zones, IPV6)] == [
        "2001:db8:1234:1a11::/64",
        "2001:db8:1234:1a01::/64",
        "2001:db8:1234:1a21::/64",
    ]


@pytest.mark.parametrize(
    ("cidr", "message"), [("2001:db8::/48", "those are /56"), ("10.0.0.0/16", "not a VPC's IPv6 range")]
)
def test_refuses_an_ipv6_range_that_is_none_of_a_vpc(cidr: str, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        subnets("192.168.0.0/16", ZONES, cidr)


@pytest.mark.parametrize(
    ("cidr", "zones", "message"),
    [
        ("192.168.0.0/15", ZONES, "too large"),
        ("192.168.0.0/23", ZONES, "too small"),
        ("192.168.0.1/16", ZONES, "host bits set"),
        ("192.168.0.0", ZONES, "too small"),
        ("300.0.0.0/16", ZONES, "not a VPC's IPv4 range"),
        ("fd00::/56", ZONES, "not a VPC's IPv4 range"),
        ("192.168.0.0/16", ["us-west-2-lax-1g"], "must end in one of a, b, c, d, e, f"),
        ("192.168.0.0/16", [""], "must end in one of"),
    ],
)
def test_refuses_what_it_cannot_cut(cidr: str, zones: list[str], message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        subnets(cidr, zones)
