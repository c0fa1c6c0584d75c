"""What a person in the console might do to logs, alerts and alarms."""

from __future__ import annotations

import boto3


def main() -> None:
    cloudwatch, logs, sns = boto3.client("cloudwatch"), boto3.client("logs"), boto3.client("sns")
    cloudwatch.disable_alarm_actions(AlarmNames=["notejam-sandbox-backup-age"])
    cloudwatch.delete_dashboards(DashboardNames=["notejam-sandbox-eu-west-1"])
    logs.delete_retention_policy(logGroupName="/aws/eks/notejam-sandbox/cluster")
    logs.disassociate_kms_key(logGroupName="/aws/rds/cluster/notejam-sandbox/postgresql")
    logs.delete_log_group(logGroupName="/aws/containerinsights/notejam-sandbox/host")
    for topic in sns.list_topics()["Topics"]:
        sns.set_topic_attributes(
            TopicArn=topic["TopicArn"], AttributeName="KmsMasterKeyId", AttributeValue=""
        )


if __name__ == "__main__":
    main()
