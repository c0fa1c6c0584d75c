"""The module ecr_replication_configuration: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")
STANDBY = {"region": "eu-central-1", "registry_id": "123456789012"}
RULE: dict[str, Any] = {"repository_prefix": "notejam-prod/", "destinations": [STANDBY]}


def rules() -> list[dict[str, Any]]:
    registry = boto3.client("ecr", "eu-west-1").describe_registry()
    return list(registry["replicationConfiguration"]["rules"])


def put(*put_rules: dict[str, Any]) -> None:
    boto3.client("ecr", "eu-west-1").put_replication_configuration(
        replicationConfiguration={"rules": list(put_rules)}
    )


def test_replicates_the_repositories_of_the_prefix() -> None:
    run = four_steps("ecr_replication_configuration", **RULE)
    assert run.writes == ["PutReplicationConfiguration"]
    [rule] = rules()
    assert rule["destinations"] == [{"region": "eu-central-1", "registryId": "123456789012"}]
    assert rule["repositoryFilters"] == [{"filter": "notejam-prod/", "filterType": "PREFIX_MATCH"}]


def test_another_destination_is_added() -> None:
    run_module("ecr_replication_configuration", **RULE)
    ireland = {"region": "eu-west-2", "registry_id": "123456789012"}
    four_steps("ecr_replication_configuration", **RULE | {"destinations": [STANDBY, ireland]})
    assert [one["region"] for one in rules()[0]["destinations"]] == ["eu-central-1", "eu-west-2"]


def test_the_order_of_destinations_is_no_change() -> None:
    ireland = {"region": "eu-west-2", "registry_id": "123456789012"}
    run_module("ecr_replication_configuration", **RULE | {"destinations": [STANDBY, ireland]})
    assert not run_module(
        "ecr_replication_configuration", **RULE | {"destinations": [ireland, STANDBY]}
    ).changed


def test_what_was_removed_by_hand_is_put_back() -> None:
    run_module("ecr_replication_configuration", **RULE)
    put()
    four_steps("ecr_replication_configuration", **RULE)
    assert len(rules()) == 1


def test_deletes() -> None:
    run_module("ecr_replication_configuration", **RULE)
    four_steps("ecr_replication_configuration", repository_prefix="notejam-prod/", state="absent")
    assert rules() == []


def test_the_rule_of_another_prefix_is_not_deleted() -> None:
    other = {
        "destinations": [{"region": "eu-central-1", "registryId": "123456789012"}],
        "repositoryFilters": [{"filter": "another/", "filterType": "PREFIX_MATCH"}],
    }
    put(other)
    run = run_module("ecr_replication_configuration", repository_prefix="notejam-prod/", state="absent")
    assert not run.changed
    assert rules() == [other]


def test_the_registry_itself_is_refused_as_a_destination() -> None:
    here = {"region": "eu-west-1", "registry_id": "123456789012"}
    run = run_module("ecr_replication_configuration", **RULE | {"destinations": [here]})
    assert "cannot be the same as the source registry" in run.result["msg"]
    assert rules() == []


def test_a_rule_needs_a_destination() -> None:
    run = run_module("ecr_replication_configuration", repository_prefix="notejam-prod/")
    assert "destinations" in run.result["msg"]
    assert run.operations == []
