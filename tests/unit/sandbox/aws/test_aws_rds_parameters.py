"""Parameter groups: engine defaults, what may be set, and when servers take it over.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithParamGroups.html
"""

from typing import Any

import pytest

from sandbox.aws.rds.parameters import catalog
from tests.unit.sandbox.aws.conftest import Client
from tests.unit.sandbox.aws.databases import OWN_PASSWORD, Aurora, refusal

GROUP = {"DBClusterParameterGroupName": "notes"}
FAMILY = "aurora-postgresql17"


@pytest.fixture
def rds(client: Client) -> Any:
    made = client("rds")
    made.create_db_cluster_parameter_group(**GROUP, DBParameterGroupFamily=FAMILY, Description="d")
    made.create_db_parameter_group(DBParameterGroupName="one", DBParameterGroupFamily=FAMILY, Description="d")
    return made


def parameters(rds: Any, **asked: Any) -> dict[str, dict[str, Any]]:
    pages = rds.get_paginator("describe_db_cluster_parameters").paginate(**GROUP | asked)
    return {each["ParameterName"]: each for each in pages.build_full_result()["Parameters"]}


def setting(name: str, value: str, method: str = "pending-reboot") -> dict[str, str]:
    return {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}


def test_a_new_group_has_the_engines_parameters(rds: Any) -> None:
    found = parameters(rds)
    assert len(found) == len(catalog(FAMILY)) > 300
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html
    assert found["rds.force_ssl"] == {
        "ParameterName": "rds.force_ssl",
        "ParameterValue": "1",
        "Source": "system",
        "ApplyType": "dynamic",
        "DataType": "boolean",
        "AllowedValues": "0,1",
        "IsModifiable": True,
        "ApplyMethod": "pending-reboot",
        "SupportedEngineModes": ["provisioned"],
    }
    assert (found["log_statement"]["Source"], found["log_statement"].get("ParameterValue")) == (
        "engine-default",
        None,
    )
    assert (found["max_connections"]["ApplyType"], found["port"]["IsModifiable"]) == ("static", False)
    assert parameters(rds, Source="user") == {}
    rds.modify_db_cluster_parameter_group(**GROUP, Parameters=[setting("log_statement", "ddl", "immediate")])
    changed = parameters(rds, Source="user")
    assert list(changed) == ["log_statement"]
    assert (changed["log_statement"]["ParameterValue"], changed["log_statement"]["ApplyMethod"]) == (
        "ddl",
        "immediate",
    )
    rds.reset_db_cluster_parameter_group(**GROUP, Parameters=[{"ParameterName": "log_statement"}])
    assert parameters(rds, Source="user") == {}
    defaults = rds.describe_engine_default_cluster_parameters(DBParameterGroupFamily="aurora-postgresql16")
    assert defaults["EngineDefaults"]["DBParameterGroupFamily"] == "aurora-postgresql16"
    assert catalog("aurora-postgresql16")["rds.force_ssl"].default == "0"
    assert "transaction_timeout" not in catalog("aurora-postgresql16")


def test_an_instances_group_has_its_own(rds: Any) -> None:
    one = {"DBParameterGroupName": "one"}
    assert (
        refusal(rds.modify_db_parameter_group, **one, Parameters=[setting("rds.force_ssl", "1")])
        == "InvalidParameterValue"
    )
    rds.modify_db_parameter_group(**one, Parameters=[setting("work_mem", "8192", "immediate")])
    [changed] = rds.describe_db_parameters(**one, Source="user")["Parameters"]
    assert changed["ParameterValue"] == "8192"
    copied = rds.copy_db_parameter_group(
        SourceDBParameterGroupIdentifier="one",
        TargetDBParameterGroupIdentifier="two",
        TargetDBParameterGroupDescription="d",
    )
    assert copied["DBParameterGroup"]["DBParameterGroupFamily"] == FAMILY
    assert len(rds.describe_db_parameters(DBParameterGroupName="two", Source="user")["Parameters"]) == 1
    missing = {"DBParameterGroupName": "none"}
    assert refusal(rds.describe_db_parameter_groups, **missing) == "DBParameterGroupNotFound"
    assert refusal(rds.describe_db_parameters, **missing) == "DBParameterGroupNotFound"


def test_what_may_not_be_set_is_refused(rds: Any) -> None:
    """All of a request is set, or nothing."""
    modify = rds.modify_db_cluster_parameter_group
    for given, code in (
        (setting("bogus", "1"), "InvalidParameterValue"),
        (setting("log_statement", "everything"), "InvalidParameterValue"),
        (setting("work_mem", "4MB"), "InvalidParameterValue"),
        (setting("work_mem", "1"), "InvalidParameterValue"),
        (setting("port", "5433"), "InvalidParameterValue"),
        (setting("max_connections", "100", "immediate"), "InvalidParameterCombination"),
    ):
        both = [setting("log_statement", "ddl"), given]
        assert (given, refusal(modify, **GROUP, Parameters=both)) == (given, code)
    assert parameters(rds, Source="user") == {}


def test_groups_are_refused(rds: Any) -> None:
    create, given = rds.create_db_cluster_parameter_group, {"Description": "d"}
    family = {"DBParameterGroupFamily": FAMILY}
    assert refusal(create, **GROUP, **given, **family) == "DBParameterGroupAlreadyExists"
    bad = {"DBParameterGroupFamily": "aurora-postgresql0", "DBClusterParameterGroupName": "g"}
    assert refusal(create, **bad, **given) == "InvalidParameterValue"
    default = {"DBClusterParameterGroupName": f"default.{FAMILY}"}
    assert rds.describe_db_cluster_parameter_groups(**default)["DBClusterParameterGroups"]
    assert refusal(rds.delete_db_cluster_parameter_group, **default) == "InvalidParameterValue"
    many = [setting("log_statement", "ddl")] * 21
    assert refusal(rds.modify_db_cluster_parameter_group, **GROUP, Parameters=many) == "InvalidParameterValue"


def test_servers_take_over_at_once_or_by_a_reboot(aurora: Aurora) -> None:
    cluster = aurora.made(1, **OWN_PASSWORD)
    assert refusal(aurora.rds.delete_db_cluster_parameter_group, **GROUP) == "InvalidDBParameterGroupState"

    def status() -> str:
        return str(aurora.cluster()["DBClusterMembers"][0]["DBClusterParameterGroupStatus"])

    def shown(name: str) -> Any:
        with aurora.connect(cluster["Endpoint"]) as session:
            row = session.execute("SELECT current_setting(%s)", (name,)).fetchone()
        return row[0] if row else None

    change = aurora.rds.modify_db_cluster_parameter_group
    change(**GROUP, Parameters=[setting("log_statement", "mod", "immediate")])
    aurora.wait_until(lambda: shown("log_statement") == "mod")
    assert status() == "in-sync"
    change(**GROUP, Parameters=[setting("max_locks_per_transaction", "80")])
    aurora.wait()
    assert (status(), shown("max_locks_per_transaction")) == ("pending-reboot", "64")
    reboot = aurora.rds.reboot_db_instance
    assert (
        refusal(reboot, DBInstanceIdentifier="notes-1", ForceFailover=True) == "InvalidParameterCombination"
    )
    assert reboot(DBInstanceIdentifier="notes-1")["DBInstance"]["DBInstanceStatus"] == "rebooting"
    aurora.wait_until_available()
    assert (status(), shown("max_locks_per_transaction")) == ("in-sync", "80")

    # Stopped, nothing answers; started, everything is there.
    aurora.rds.stop_db_cluster(DBClusterIdentifier="notes")
    aurora.wait_until(lambda: aurora.cluster()["Status"] == "stopped")
    assert aurora.instance(1)["DBInstanceStatus"] == "stopped"
    assert refusal(aurora.rds.stop_db_cluster, DBClusterIdentifier="notes") == "InvalidDBClusterStateFault"
    aurora.rds.start_db_cluster(DBClusterIdentifier="notes")
    aurora.wait_until(lambda: aurora.cluster()["Status"] == "available")
    assert shown("log_statement") == "mod"
