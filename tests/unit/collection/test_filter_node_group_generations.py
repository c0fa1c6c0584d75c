"""The filter node_group_generations: the next one takes the place of a group that cannot be changed."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.notejam.platform.plugins.filter.node_group_generations import node_group_generations
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN

SUBNETS = ["subnet-a", "subnet-b"]
TAGS = {"platform:site": "test_eu_west_1"}
SPOT = {
    "name": "application",
    "instance_types": ["m7i.large", "m7a.large"],
    "capacity_type": "SPOT",
    "ami_type": None,
    "min_size": 2,
    "max_size": 6,
}


def there(name: str = "application", **changes: Any) -> dict[str, Any]:
    return {
        "nodegroup_name": name,
        "instance_types": ["m7i.large", "m7a.large"],
        "capacity_type": "SPOT",
        "ami_type": "AL2023_x86_64_STANDARD",
        "subnets": ["subnet-b", "subnet-a"],
        "scaling_config": {"min_size": 2, "max_size": 6, "desired_size": 4},
        "tags": {**TAGS, "platform:purpose": "application"},
        **changes,
    }


def named(*present: dict[str, Any], subnets: list[str] = SUBNETS) -> tuple[str, list[str]]:
    told = node_group_generations([SPOT], list(present), subnets, TAGS)
    return told["groups"][0]["nodegroup_name"], told["obsolete"]


def test_the_first_generation_has_the_groups_own_name() -> None:
    assert node_group_generations([SPOT], [], SUBNETS, TAGS) == {
        "groups": [{**SPOT, "nodegroup_name": "application"}],
        "obsolete": [],
    }


def test_a_group_that_can_be_changed_in_place_serves_on() -> None:
    assert named(there(scaling_config={"min_size": 1, "max_size": 1, "desired_size": 1})) == (
        "application",
        [],
    )


@pytest.mark.parametrize(
    "other",
    [
        {"instance_types": ["m7i.large"]},
        {"instance_types": ["m7a.large", "m7i.large"]},
        {"capacity_type": "ON_DEMAND"},
        {"ami_type": "AL2023_ARM_64_STANDARD"},
        {"subnets": ["subnet-a"]},
    ],
)
def test_what_eks_cannot_change_makes_the_next_generation(other: dict[str, Any]) -> None:
    assert named(there(**other)) == ("application-2", ["application"])


def test_the_next_generation_begins_with_the_size_of_the_last() -> None:
    def size(desired: int) -> int:
        last = there(
            capacity_type="ON_DEMAND", scaling_config={"min_size": 0, "max_size": 9, "desired_size": desired}
        )
        return int(node_group_generations([SPOT], [last], SUBNETS, TAGS)["groups"][0]["desired_size"])

    assert [size(4), size(0), size(9)] == [4, 2, 6]


def test_a_replacement_that_was_cut_short_goes_on() -> None:
    old = there(capacity_type="ON_DEMAND")
    assert named(old, there("application-2")) == ("application-2", ["application"])


def test_numbers_go_on_where_the_first_is_gone() -> None:
    assert named(there("application-2", capacity_type="ON_DEMAND")) == ("application", ["application-2"])
    both = (there(capacity_type="ON_DEMAND"), there("application-2", capacity_type="ON_DEMAND"))
    assert named(*both) == ("application-3", ["application", "application-2"])


def test_of_two_that_serve_the_latest_stays() -> None:
    assert named(there(), there("application-10"), there("application-9")) == (
        "application-10",
        ["application", "application-9"],
    )


def test_a_group_that_is_no_longer_declared_is_obsolete() -> None:
    other = there("batch", tags={**TAGS, "platform:purpose": "batch"})
    assert named(there(), other) == ("application", ["batch"])


def test_a_group_of_somebody_else_is_left_alone() -> None:
    assert named(there(), there("batch", tags={})) == ("application", [])


def test_a_group_whose_tags_somebody_removed_serves_on() -> None:
    assert named(there(tags={})) == ("application", [])


def test_another_declared_group_is_no_generation_of_this_one() -> None:
    second = {**SPOT, "name": "application-2", "capacity_type": "ON_DEMAND"}
    present = [
        there(instance_types=["m5.large"]),
        there("application-2", capacity_type="ON_DEMAND", tags={**TAGS, "platform:purpose": "application-2"}),
    ]
    told = node_group_generations([SPOT, second], present, SUBNETS, TAGS)
    assert [group["nodegroup_name"] for group in told["groups"]] == ["application-3", "application-2"]
    assert told["obsolete"] == ["application"]


def test_subnets_that_are_not_known_yet_are_no_difference() -> None:
    assert named(there(), subnets=[UNKNOWN]) == ("application", [])
