"""What a person in the console might do to the database."""

from __future__ import annotations

import boto3

NAME = "notejam-sandbox"


def main() -> None:
    rds = boto3.client("rds")
    rds.modify_db_cluster_parameter_group(
        DBClusterParameterGroupName=f"{NAME}-17",
        Parameters=[
            {"ParameterName": "log_statement", "ParameterValue": "none", "ApplyMethod": "immediate"},
            {"ParameterName": "log_duration", "ParameterValue": "1", "ApplyMethod": "immediate"},
        ],
    )
    rds.modify_db_instance(
        DBInstanceIdentifier=f"{NAME}-2", EnablePerformanceInsights=False, ApplyImmediately=True
    )
    rds.modify_db_cluster(
        DBClusterIdentifier=NAME,
        BackupRetentionPeriod=7,
        EnableIAMDatabaseAuthentication=False,
        CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql"]},
        ApplyImmediately=True,
    )
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier=NAME)["DBClusters"]
    rds.remove_tags_from_resource(ResourceName=cluster["DBClusterArn"], TagKeys=["platform:component"])


if __name__ == "__main__":
    main()
