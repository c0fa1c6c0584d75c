"""Loosen the bucket of the dumps and the backups by hand, as a person in the console might."""

import os

import boto3

session = boto3.Session(region_name=os.environ["AWS_REGION"])
account = session.client("sts").get_caller_identity()["Account"]
bucket = f"notejam-sandbox-backups-{account}-{os.environ['AWS_REGION']}"
s3 = session.client("s3")
s3.delete_public_access_block(Bucket=bucket)
s3.delete_bucket_policy(Bucket=bucket)
s3.delete_bucket_lifecycle(Bucket=bucket)

# Let backups go, and forget what is backed up for how long.
NAME = "notejam-sandbox"
backup = session.client("backup")
backup.delete_backup_vault_access_policy(BackupVaultName=NAME)
(plan,) = (p for p in backup.list_backup_plans()["BackupPlansList"] if p["BackupPlanName"] == NAME)
identifier = plan["BackupPlanId"]
(selection,) = backup.list_backup_selections(BackupPlanId=identifier)["BackupSelectionsList"]
backup.delete_backup_selection(BackupPlanId=identifier, SelectionId=selection["SelectionId"])
rule = {"RuleName": "daily", "TargetBackupVaultName": NAME, "Lifecycle": {"DeleteAfterDays": 1}}
backup.update_backup_plan(BackupPlanId=identifier, BackupPlan={"BackupPlanName": NAME, "Rules": [rule]})
