"""The modules of RDS's parameter groups: what differs from the defaults, and when it takes effect."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from ansible_collections.notejam.platform.plugins.module_utils.rds_parameter_group import refused

from .modules import four_steps, run_module

CLUSTER, INSTANCE = "rds_cluster_parameter_group", "rds_parameter_group"
GROUP: dict[str, Any] = {
    "name": "notejam-test-17",
    "family": "aurora-postgresql17",
    "description": "Notejam",
    "parameters": {"log_min_duration_statement": "1000", "log_lock_waits": "1"},
    "tags": {"platform:component": "database"},
}


def set_by_us(module: str) -> dict[str, tuple[str, str]]:
    """The value of each parameter that differs, and when it is applied, as RDS tells."""
    rds = boto3.client("rds")
    kind = "cluster_" if module == CLUSTER else ""
    name = {f"DB{'Cluster' if kind else ''}ParameterGroupName": GROUP["name"]}
    pages = rds.get_paginator(f"describe_db_{kind}parameters").paginate(**name, Source="user")
    found = pages.build_full_result()["Parameters"]
    return {each["ParameterName"]: (each["ParameterValue"], each["ApplyMethod"]) for each in found}


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("module", [CLUSTER, INSTANCE])
def test_exactly_the_declared_parameters_differ(module: str) -> None:
    run = four_steps(module, **GROUP)
    assert run.warnings == []
    assert set_by_us(module) == {
        "log_lock_waits": ("1", "immediate"),
        "log_min_duration_statement": ("1000", "immediate"),
    }
    changed = four_steps(module, **GROUP | {"parameters": {"log_min_duration_statement": "250"}})
    assert (
        sorted(operation.removeprefix("Modify").removeprefix("Reset") for operation in changed.writes)
        == ["DBClusterParameterGroup" if module == CLUSTER else "DBParameterGroup"] * 2
    )
    assert set_by_us(module) == {"log_min_duration_statement": ("250", "immediate")}
    four_steps(module, **GROUP, state="absent")


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("module", [CLUSTER, INSTANCE])
def test_what_a_person_set_by_hand_goes_back(module: str) -> None:
    run_module(module, **GROUP)
    kind, name = (
        ("cluster_", "DBClusterParameterGroupName") if module == CLUSTER else ("", "DBParameterGroupName")
    )
    getattr(boto3.client("rds"), f"modify_db_{kind}parameter_group")(
        **{name: GROUP["name"]},
        Parameters=[
            {"ParameterName": "log_duration", "ParameterValue": "1", "ApplyMethod": "immediate"},
            {"ParameterName": "log_lock_waits", "ParameterValue": "0", "ApplyMethod": "immediate"},
        ],
    )
    four_steps(module, **GROUP)
    assert set(set_by_us(module)) == {"log_min_duration_statement", "log_lock_waits"}


@pytest.mark.usefixtures("cloud")
def test_a_static_parameter_is_said_to_wait_for_a_restart() -> None:
    run_module(CLUSTER, **GROUP)
    static = GROUP | {"parameters": {**GROUP["parameters"], "max_connections": "200"}}
    for check_mode in (True, False):
        run = run_module(CLUSTER, check_mode=check_mode, **static)
        said = "max_connections takes effect at each instance's next restart, which is left to you."
        assert run.warnings == [f"{CLUSTER} notejam-test-17: {said}"]
    assert set_by_us(CLUSTER)["max_connections"] == ("200", "pending-reboot")


@pytest.mark.usefixtures("cloud")
def test_what_aws_would_refuse_is_refused_in_the_plan() -> None:
    refusals = {
        "log_statment": ("ddl", "has no parameter log_statment. Did you mean log_statement?"),
        "log_statement": ("everything", "log_statement is 'everything', but AWS allows"),
        "log_connections": ("maybe", "log_connections is 'maybe', but AWS allows"),
        "authentication_timeout": ("0", "authentication_timeout is '0', but AWS allows"),
    }
    for name, (value, said) in refusals.items():
        for check_mode in (True, False):
            run = run_module(CLUSTER, check_mode=check_mode, **GROUP | {"parameters": {name: value}})
            assert said in run.result["msg"]
            assert run.writes == []


@pytest.mark.usefixtures("cloud")
def test_a_group_keeps_its_family() -> None:
    run_module(CLUSTER, **GROUP)
    run = run_module(CLUSTER, **GROUP | {"family": "aurora-postgresql16"})
    assert "family is 'aurora-postgresql17'" in run.result["msg"]


@pytest.mark.parametrize(
    ("value", "kind", "allowed", "told"),
    [
        ("{DBInstanceClassMemory/10922}", "integer", "16-1073741823", None),
        ("LEAST({DBInstanceClassMemory/9531392},5000)", "integer", "6-262143", None),
        ("15", "integer", "16-1073741823", "16-1073741823"),
        ("-1", "integer", "-1-2147483647", None),
        ("many", "integer", "0-10", "0-10"),
        ("0.5", "float", "0-1", None),
        ("DDL", "string", "none,ddl,mod,all", None),
        ("2", "boolean", "0,1", "0,1"),
        ("pg_cron,auto_explain", "list", "auto_explain,pg_cron", None),
        ("anything", "string", "", None),
    ],
)
def test_values(value: str, kind: str, allowed: str, told: str | None) -> None:
    assert refused(value, {"DataType": kind, "AllowedValues": allowed}) == told
