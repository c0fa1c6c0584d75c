"""RDS's rules that need no server: what is checked, what waits for a window, what is offered."""

from typing import Any

import pytest

from tests.unit.sandbox.aws.conftest import Client
from tests.unit.sandbox.aws.databases import OWN_PASSWORD, Aurora, refusal

NOTES = {"DBClusterIdentifier": "notes"}
DAY = 86400


@pytest.fixture
def made(aurora: Aurora) -> Aurora:
    """A cluster, and an instance that has no server yet."""
    aurora.create_cluster(PreferredMaintenanceWindow="sun:03:30-sun:04:30", **OWN_PASSWORD)
    aurora.wait()
    return aurora


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"PreferredBackupWindow": "2:00-3:00"}, "InvalidParameterValue"),
    ({"PreferredBackupWindow": "02:00-02:10"}, "InvalidParameterValue"),
    ({"PreferredBackupWindow": "04:00-05:00"}, "InvalidParameterValue"),
    ({"PreferredMaintenanceWindow": "sun:03:30"}, "InvalidParameterValue"),
    ({"EngineVersion": "17.99"}, "InvalidParameterCombination"),
    ({"EngineVersion": "17.4"}, "InvalidParameterCombination"),
    ({"CloudwatchLogsExportConfiguration": {"EnableLogTypes": ["audit"]}}, "InvalidParameterCombination"),
    ({"ServerlessV2ScalingConfiguration": {"MinCapacity": 4, "MaxCapacity": 2}}, "InvalidParameterValue"),
    ({"ServerlessV2ScalingConfiguration": {"MinCapacity": 0.7}}, "InvalidParameterValue"),
    ({"MasterUserPassword": "slash/and@"}, "InvalidParameterValue"),
    ({"RotateMasterUserPassword": True, "ApplyImmediately": True}, "InvalidParameterCombination"),
    ({"DBClusterParameterGroupName": "default.aurora-postgresql16"}, "InvalidParameterCombination"),
    ({"StorageType": "gp3"}, "InvalidParameterValue"),
]


def test_a_change_is_refused(made: Aurora) -> None:
    before = made.cluster()
    for changes, code in REFUSED:
        assert (changes, refusal(made.rds.modify_db_cluster, **NOTES, **changes)) == (changes, code)
    assert made.cluster() == before


def test_changes_wait_for_their_window_unless_they_are_wanted_at_once(made: Aurora) -> None:
    modify = made.rds.modify_db_cluster
    changed = modify(
        **NOTES,
        EngineVersion="17.6",
        EnableIAMDatabaseAuthentication=True,
        DeletionProtection=True,
        BackupRetentionPeriod=7,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 8},
        CloudwatchLogsExportConfiguration={"EnableLogTypes": ["postgresql"]},
    )["DBCluster"]
    assert changed["Status"] == "modifying"
    assert refusal(modify, **NOTES, DeletionProtection=False) == "InvalidDBClusterStateFault"
    made.wait()
    cluster = made.cluster()
    assert cluster["PendingModifiedValues"] == {
        "EngineVersion": "17.6",
        "IAMDatabaseAuthenticationEnabled": True,
    }
    assert (cluster["EngineVersion"], cluster["IAMDatabaseAuthenticationEnabled"]) == ("17.5", False)
    assert (cluster["DeletionProtection"], cluster["BackupRetentionPeriod"]) == (True, 7)
    assert cluster["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 8.0}

    made.later(7 * DAY)
    made.wait()
    made.later(-7 * DAY)  # a signature of a week ago would be refused
    cluster = made.cluster()
    assert (cluster["EngineVersion"], cluster["IAMDatabaseAuthenticationEnabled"]) == ("17.6", True)
    assert "PendingModifiedValues" not in cluster
    modify(**NOTES, EnableIAMDatabaseAuthentication=False, ApplyImmediately=True)
    assert made.cluster()["IAMDatabaseAuthenticationEnabled"] is False


def test_an_instance_is_of_a_class_and_a_place_that_are_offered(made: Aurora) -> None:
    create = made.create_instance
    assert refusal(create, number=1, DBInstanceClass="r6g.large") == "InvalidParameterValue"
    assert refusal(create, number=1, DBInstanceClass="db.m5.large") == "InvalidParameterCombination"
    assert refusal(create, number=1, DBInstanceClass="db.serverless") == "InvalidDBClusterStateFault"
    assert refusal(create, number=1, PromotionTier=16) == "InvalidParameterValue"
    assert refusal(create, number=1, CACertificateIdentifier="rds-ca-2019") == "CertificateNotFound"
    assert refusal(create, number=1, DBParameterGroupName="none") == "DBParameterGroupNotFound"
    assert refusal(create, number=1, MonitoringInterval=60) == "InvalidParameterCombination"
    assert refusal(
        create, number=1, PerformanceInsightsRetentionPeriod=8, EnablePerformanceInsights=True
    ) == ("InvalidParameterValue")
    created = create(1, EnablePerformanceInsights=True, PubliclyAccessible=False)
    assert (created["PerformanceInsightsEnabled"], created["PerformanceInsightsRetentionPeriod"]) == (True, 7)
    assert created["PerformanceInsightsKMSKeyId"].startswith("arn:aws:kms:eu-west-1:")
    assert (created["PubliclyAccessible"], created["DBSubnetGroup"]["DBSubnetGroupName"]) == (False, "notes")
    assert created["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    assert (
        refusal(made.rds.modify_db_instance, DBInstanceIdentifier="notes-1", PromotionTier=0)
        == "InvalidDBInstanceState"
    )
    groups = created["DBParameterGroups"]
    assert groups == [
        {"DBParameterGroupName": "default.aurora-postgresql17", "ParameterApplyStatus": "in-sync"}
    ]


def test_what_aws_offers_is_told(client: Client) -> None:
    rds = client("rds")
    [version] = rds.describe_db_engine_versions(Engine="aurora-postgresql", EngineVersion="16.9")[
        "DBEngineVersions"
    ]
    targets = {each["EngineVersion"]: each["IsMajorVersionUpgrade"] for each in version["ValidUpgradeTarget"]}
    assert targets == {"16.10": False, "17.5": True, "17.6": True}
    [default] = rds.describe_db_engine_versions(Engine="aurora-postgresql", DefaultOnly=True)[
        "DBEngineVersions"
    ]
    assert default["DBParameterGroupFamily"] == "aurora-postgresql17"
    options = rds.describe_orderable_db_instance_options(
        Engine="aurora-postgresql", EngineVersion="17.5", DBInstanceClass="db.r6g.large"
    )["OrderableDBInstanceOptions"]
    assert [each["DBInstanceClass"] for each in options] == ["db.r6g.large"]
    nothing = rds.describe_orderable_db_instance_options(
        Engine="aurora-postgresql", EngineVersion="17.5", DBInstanceClass="db.m5.large"
    )
    assert nothing["OrderableDBInstanceOptions"] == []
    names = [each["CertificateIdentifier"] for each in rds.describe_certificates()["Certificates"]]
    assert "rds-ca-rsa2048-g1" in names


def test_tags_are_those_of_the_resource(made: Aurora, client: Client) -> None:
    arn = made.cluster()["DBClusterArn"]
    made.rds.add_tags_to_resource(
        ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )
    made.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["b"])
    tags = [{"Key": "a", "Value": "1"}]
    assert made.rds.list_tags_for_resource(ResourceName=arn)["TagList"] == tags
    assert made.cluster()["TagList"] == tags
    found = client("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["rds:cluster"])
    assert found["ResourceTagMappingList"] == [{"ResourceARN": arn, "Tags": tags}]
    missing = arn.replace("notes", "none")
    assert refusal(made.rds.list_tags_for_resource, ResourceName=missing) == "DBClusterNotFoundFault"
    reserved = [{"Key": "aws:mine", "Value": "1"}]
    assert refusal(made.rds.add_tags_to_resource, ResourceName=arn, Tags=reserved) == "InvalidParameterValue"


def test_a_group_in_use_stays(made: Aurora) -> None:
    assert refusal(made.rds.delete_db_subnet_group, DBSubnetGroupName="notes") == (
        "InvalidDBSubnetGroupStateFault"
    )
    assert refusal(made.rds.delete_db_cluster_parameter_group, DBClusterParameterGroupName="notes") == (
        "InvalidDBParameterGroupState"
    )
