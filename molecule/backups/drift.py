"""Loosen the bucket of the dumps by hand, as a person in the console might."""

import os

import boto3

session = boto3.Session(region_name=os.environ["AWS_REGION"])
account = session.client("sts").get_caller_identity()["Account"]
bucket = f"notejam-sandbox-backups-{account}-{os.environ['AWS_REGION']}"
s3 = session.client("s3")
s3.delete_public_access_block(Bucket=bucket)
s3.delete_bucket_policy(Bucket=bucket)
s3.delete_bucket_lifecycle(Bucket=bucket)
