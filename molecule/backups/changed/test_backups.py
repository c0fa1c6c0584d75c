"""The bucket after the change of the inventory."""

import os

import boto3


def test_dumps_are_archived_later() -> None:
    session = boto3.Session(region_name=os.environ["AWS_REGION"])
    account = session.client("sts").get_caller_identity()["Account"]
    bucket = f"notejam-sandbox-backups-{account}-{os.environ['AWS_REGION']}"
    (rule,) = session.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [step["Days"] for step in rule["Transitions"]] == [60, 365]
