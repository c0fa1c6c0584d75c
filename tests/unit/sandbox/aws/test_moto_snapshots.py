"""Snapshots of the extended moto."""

from typing import Any

import boto3
from moto import mock_aws

from sandbox.aws import moto


@mock_aws
def test_snapshots_are_told_by_their_owner() -> None:
    moto.install()
    ec2: Any = boto3.client("ec2", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"]
    own = ec2.create_snapshot(VolumeId=volume)
    everybodys = ec2.describe_snapshots()["Snapshots"]
    assert len(everybodys) > 1  # those of the public images
    for owner in ("self", own["OwnerId"]):
        found = ec2.describe_snapshots(OwnerIds=[owner])["Snapshots"]
        assert [snapshot["SnapshotId"] for snapshot in found] == [own["SnapshotId"]]
    amazons = ec2.describe_snapshots(OwnerIds=["amazon"])["Snapshots"]
    assert own["SnapshotId"] not in {snapshot["SnapshotId"] for snapshot in amazons}
    assert amazons
