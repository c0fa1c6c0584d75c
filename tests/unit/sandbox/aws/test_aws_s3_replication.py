"""S3's replication: what is put into one bucket comes to the other, some time later.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html and
replication-status.html there
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from sandbox.aws.cloud import Cloud
from sandbox.aws.emulator import Moto
from sandbox.aws.journal import Journal
from sandbox.settings import Settings
from tests.unit.sandbox.aws.replicated_buckets import (
    HERE,
    POLICY,
    PRIMARY,
    ROLE,
    STANDBY,
    THERE,
    TRUST,
    WRITES,
    allowing,
    document,
    keys,
    make,
    replicate,
    rule,
    status,
    without,
)

QUARTER = 15 * 60.0  # seconds, in which AWS copies most objects
Step = Callable[[], None]


@pytest.fixture
def iam(client: Callable[..., Any]) -> Any:
    made = client("iam")
    made.create_role(RoleName="replication", AssumeRolePolicyDocument=document(TRUST))
    made.put_role_policy(RoleName="replication", PolicyName="replicate", PolicyDocument=document(*POLICY))
    return made


@pytest.fixture
def standby(client: Callable[..., Any]) -> Any:
    return client("s3", STANDBY)


@pytest.fixture
def s3(client: Callable[..., Any], iam: Any, standby: Any) -> Any:
    made = client("s3", PRIMARY)
    make(made, HERE)
    make(standby, THERE)
    return made


@pytest.fixture
def quarter(cloud: Cloud, later: Callable[[float], None]) -> Step:
    """Lets a quarter of an hour of AWS's pass, and S3 do its work."""

    def step() -> None:
        later(QUARTER / cloud.settings.time_scale)
        cloud.s3_replication.step()

    return step


def test_an_object_is_copied_some_time_later_with_all_that_it_has(
    s3: Any, cloud: Cloud, quarter: Step
) -> None:
    replicate(s3, rule(Destination={"Bucket": f"arn:aws:s3:::{THERE}", "StorageClass": "STANDARD_IA"}))
    given = {"Metadata": {"rows": "7"}, "ContentType": "text/plain", "Tagging": "kind=dump"}
    put = s3.put_object(Bucket=HERE, Key="a b/dump", Body=b"packing list", **given)
    cloud.s3_replication.step()
    assert status(s3, HERE, "a b/dump") == "PENDING"
    assert keys(s3, THERE) == []

    quarter()

    assert status(s3, HERE, "a b/dump") == "COMPLETED"
    copied = s3.get_object(Bucket=THERE, Key="a b/dump")
    assert copied["Body"].read() == b"packing list"
    assert copied["ReplicationStatus"] == "REPLICA"
    assert (copied["VersionId"], copied["ETag"]) == (put["VersionId"], put["ETag"])
    assert (copied["Metadata"], copied["ContentType"]) == ({"rows": "7"}, "text/plain")
    assert copied["StorageClass"] == "STANDARD_IA"
    assert copied["LastModified"] == s3.head_object(Bucket=HERE, Key="a b/dump")["LastModified"]
    tags = s3.get_object_tagging(Bucket=THERE, Key="a b/dump")["TagSet"]
    assert tags == [{"Key": "kind", "Value": "dump"}]


def test_uploads_in_parts_and_copies_are_replicated_and_what_was_there_before_is_not(
    s3: Any, quarter: Step
) -> None:
    s3.put_object(Bucket=HERE, Key="before", Body=b"1")
    replicate(s3, rule())
    upload = s3.create_multipart_upload(Bucket=HERE, Key="parts", Tagging="kind=dump")["UploadId"]
    part = s3.upload_part(Bucket=HERE, Key="parts", UploadId=upload, PartNumber=1, Body=b"whole")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=HERE, Key="parts", UploadId=upload, MultipartUpload=parts)
    s3.copy_object(Bucket=HERE, Key="copy", CopySource={"Bucket": HERE, "Key": "before"})
    quarter()
    assert keys(s3, THERE) == ["copy", "parts"]
    assert (
        s3.head_object(Bucket=THERE, Key="parts")["ETag"] == s3.head_object(Bucket=HERE, Key="parts")["ETag"]
    )
    assert status(s3, HERE, "before") is None


def test_a_filter_says_by_prefix_and_tags_what_is_replicated(s3: Any, quarter: Step) -> None:
    tags = [{"Key": "kind", "Value": "dump"}, {"Key": "whole", "Value": "yes"}]
    off = rule(ID="off", Priority=2, Status="Disabled")
    replicate(s3, rule(Filter={"And": {"Prefix": "daily/", "Tags": tags}}), off)
    for key, given in (
        ("daily/both", "kind=dump&whole=yes"),
        ("daily/one", "kind=dump"),
        ("weekly/both", "kind=dump&whole=yes"),
    ):
        s3.put_object(Bucket=HERE, Key=key, Body=b"1", Tagging=given)
    quarter()
    assert keys(s3, THERE) == ["daily/both"]
    assert status(s3, HERE, "daily/one") is None
    replicate(s3, rule(Filter=None, Priority=None, DeleteMarkerReplication=None, Prefix="weekly/"))
    s3.put_object(Bucket=HERE, Key="weekly/old", Body=b"1")
    s3.put_object(Bucket=HERE, Key="daily/old", Body=b"1")
    quarter()
    assert keys(s3, THERE) == ["daily/both", "weekly/old"]


def test_the_rule_of_the_highest_priority_counts_and_each_destination_gets_a_copy(
    s3: Any, standby: Any, iam: Any, quarter: Step
) -> None:
    make(standby, "archive")
    allowed = document(*POLICY, allowing(WRITES, "arn:aws:s3:::archive/*"))
    iam.put_role_policy(RoleName="replication", PolicyName="replicate", PolicyDocument=allowed)

    def to(name: str, storage: str) -> dict[str, Any]:
        return {"Bucket": f"arn:aws:s3:::{name}", "StorageClass": storage}

    replicate(
        s3,
        rule(ID="low", Priority=3, Destination=to(THERE, "STANDARD_IA")),
        rule(ID="high", Priority=20, Destination=to(THERE, "ONEZONE_IA")),
        rule(ID="other", Priority=1, Destination=to("archive", "GLACIER_IR")),
    )
    s3.put_object(Bucket=HERE, Key="a", Body=b"1")
    quarter()
    assert s3.head_object(Bucket=THERE, Key="a")["StorageClass"] == "ONEZONE_IA"
    assert s3.head_object(Bucket="archive", Key="a")["StorageClass"] == "GLACIER_IR"
    assert status(s3, HERE, "a") == "COMPLETED"
    # One that cannot have it is enough for the whole to have failed.
    s3.put_bucket_versioning(Bucket="archive", VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=HERE, Key="b", Body=b"1")
    quarter()
    assert (status(s3, HERE, "b"), status(s3, THERE, "b")) == ("FAILED", "REPLICA")


@pytest.mark.parametrize("enabled", [True, False])
def test_delete_markers_are_copied_if_the_rule_says_so_and_deletions_of_versions_never(
    s3: Any, quarter: Step, enabled: bool
) -> None:
    replicate(s3, rule(DeleteMarkerReplication={"Status": "Enabled" if enabled else "Disabled"}))
    version = s3.put_object(Bucket=HERE, Key="kept", Body=b"1")["VersionId"]
    s3.put_object(Bucket=HERE, Key="hidden", Body=b"1")
    quarter()
    s3.delete_object(Bucket=HERE, Key="kept", VersionId=version)
    s3.delete_objects(Bucket=HERE, Delete={"Objects": [{"Key": "hidden"}]})
    quarter()
    assert keys(s3, THERE) == (["kept"] if enabled else ["hidden", "kept"])

    def marked(bucket: str) -> list[str]:
        found = s3.list_object_versions(Bucket=bucket).get("DeleteMarkers", [])
        return [marker["VersionId"] for marker in found]

    assert marked(THERE) == (marked(HERE) if enabled else [])


def test_a_replica_is_not_replicated_on(s3: Any, iam: Any, quarter: Step) -> None:
    replicate(s3, rule())
    onward = {"Role": ROLE, "Rules": [rule(Destination={"Bucket": f"arn:aws:s3:::{HERE}"})]}
    s3.put_bucket_replication(Bucket=THERE, ReplicationConfiguration=onward)
    s3.put_object(Bucket=HERE, Key="a", Body=b"1")
    quarter()
    quarter()
    assert status(s3, THERE, "a") == "REPLICA"
    assert len(s3.list_object_versions(Bucket=HERE)["Versions"]) == 1


@pytest.mark.parametrize(
    "action",
    [
        "s3:GetReplicationConfiguration",
        "s3:ListBucket",
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionForReplication",
        "s3:GetObjectVersionTagging",
        "s3:ReplicateObject",
        "s3:ReplicateTags",
    ],
)
def test_it_fails_for_a_role_that_lacks_an_action(s3: Any, iam: Any, quarter: Step, action: str) -> None:
    policy = document(*without(action))
    iam.put_role_policy(RoleName="replication", PolicyName="replicate", PolicyDocument=policy)
    replicate(s3, rule())
    s3.put_object(Bucket=HERE, Key="a", Body=b"1", Tagging="kind=dump")
    quarter()
    assert status(s3, HERE, "a") == "FAILED"
    assert keys(s3, THERE) == []


def test_it_fails_for_a_role_that_is_gone_or_trusts_others(s3: Any, iam: Any, quarter: Step) -> None:
    replicate(s3, rule())
    for trust in (
        TRUST | {"Principal": {"Service": "backup.amazonaws.com"}},
        TRUST | {"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::another"}}},
    ):
        iam.update_assume_role_policy(RoleName="replication", PolicyDocument=document(trust))
        s3.put_object(Bucket=HERE, Key="a", Body=b"1")
        quarter()
        assert status(s3, HERE, "a") == "FAILED"
    iam.delete_role_policy(RoleName="replication", PolicyName="replicate")
    iam.delete_role(RoleName="replication")
    s3.put_object(Bucket=HERE, Key="b", Body=b"1")
    quarter()
    assert status(s3, HERE, "b") == "FAILED"


def test_the_role_s_boundary_counts_with_the_region_of_each_bucket(s3: Any, iam: Any, quarter: Step) -> None:
    replicate(s3, rule())
    for regions, outcome in (([PRIMARY, STANDBY], "COMPLETED"), ([PRIMARY], "FAILED")):
        elsewhere = {"StringNotEquals": {"aws:RequestedRegion": regions}}
        denied = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": elsewhere}
        boundary = document(allowing("s3:*", "*"), denied)
        arn = iam.create_policy(PolicyName=outcome, PolicyDocument=boundary)["Policy"]["Arn"]
        iam.put_role_permissions_boundary(RoleName="replication", PermissionsBoundary=arn)
        s3.put_object(Bucket=HERE, Key=outcome, Body=b"1")
        quarter()
        assert status(s3, HERE, outcome) == outcome


def test_it_fails_for_a_destination_that_is_gone_and_what_failed_is_not_tried_again(
    s3: Any, standby: Any, quarter: Step
) -> None:
    replicate(s3, rule())
    s3.delete_bucket(Bucket=THERE)
    s3.put_object(Bucket=HERE, Key="a", Body=b"1")
    quarter()
    assert status(s3, HERE, "a") == "FAILED"
    make(standby, THERE)
    quarter()
    assert (status(s3, HERE, "a"), keys(s3, THERE)) == ("FAILED", [])


def test_what_a_kms_key_encrypts_needs_the_rule_s_word_and_both_keys(
    s3: Any, iam: Any, client: Callable[..., Any], quarter: Step
) -> None:
    key, other = (client("kms", region).create_key()["KeyMetadata"]["Arn"] for region in (PRIMARY, STANDBY))
    put = {"Bucket": HERE, "Body": b"1", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    replicate(s3, rule())
    s3.put_object(Key="unsaid", **put)
    quarter()
    assert status(s3, HERE, "unsaid") is None
    criteria = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    target = {
        "Bucket": f"arn:aws:s3:::{THERE}",
        "EncryptionConfiguration": {"ReplicaKmsKeyID": other},
    }
    replicate(s3, rule(SourceSelectionCriteria=criteria, Destination=target))
    s3.put_object(Key="may-not", **put)
    quarter()
    assert status(s3, HERE, "may-not") == "FAILED"

    def via(action: str, arn: str, region: str) -> dict[str, Any]:
        through = {"StringLike": {"kms:ViaService": f"s3.{region}.amazonaws.com"}}
        return {**allowing(action, arn), "Condition": through}

    both = [via("kms:Decrypt", key, PRIMARY), via("kms:Encrypt", other, STANDBY)]
    policy = document(*POLICY, *both)
    iam.put_role_policy(RoleName="replication", PolicyName="replicate", PolicyDocument=policy)
    s3.put_object(Key="may", **put)
    quarter()
    copied = s3.head_object(Bucket=THERE, Key="may")
    assert (copied["ServerSideEncryption"], copied["SSEKMSKeyId"]) == ("aws:kms", other)
    client("kms", STANDBY).disable_key(KeyId=other.rpartition("/")[2])
    s3.put_object(Key="disabled", **put)
    quarter()
    assert status(s3, HERE, "disabled") == "FAILED"


def test_a_retention_goes_with_the_copy_and_overrides_the_destination_s_own(
    client: Callable[..., Any], standby: Any, iam: Any, quarter: Step
) -> None:
    s3 = client("s3", PRIMARY)
    make(s3, HERE, lock=True)
    make(standby, THERE, lock=True)
    default = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": default}
    s3.put_object_lock_configuration(Bucket=THERE, ObjectLockConfiguration=lock)
    replicate(s3, rule())
    until = datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC)
    locked = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    s3.put_object(Bucket=HERE, Key="locked", Body=b"1", ChecksumAlgorithm="SHA256", **locked)
    s3.put_object(Bucket=HERE, Key="free", Body=b"1")
    quarter()
    copied, free = (s3.head_object(Bucket=THERE, Key=key) for key in ("locked", "free"))
    assert (copied["ObjectLockMode"], copied["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", until)
    assert free["ObjectLockMode"] == "GOVERNANCE"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=THERE, Key="locked", VersionId=copied["VersionId"])


def test_a_restart_forgets_neither_copies_nor_what_awaits(s3: Any, settings: Settings, quarter: Step) -> None:
    replicate(s3, rule())
    s3.put_object(Bucket=HERE, Key="copied", Body=b"1", Tagging="kind=dump")
    quarter()
    s3.put_object(Bucket=HERE, Key="awaits", Body=b"2")

    def told(bucket: str, key: str) -> dict[str, Any]:
        answer = s3.head_object(Bucket=bucket, Key=key)
        del answer["ResponseMetadata"]
        del answer["LastModified"]  # the test's clock, which it moves on, is not the journal's
        return dict(answer)

    pairs = [(HERE, "copied"), (THERE, "copied"), (HERE, "awaits")]
    before = [told(*pair) for pair in pairs]
    assert [one["ReplicationStatus"] for one in before] == ["COMPLETED", "REPLICA", "PENDING"]
    BackendDict.reset()
    assert Moto(Journal(settings.folder / "aws" / "journal.jsonl")).replay() > 0
    assert [told(*pair) for pair in pairs] == before
    quarter()
    assert (status(s3, HERE, "awaits"), status(s3, THERE, "awaits")) == ("COMPLETED", "REPLICA")


def test_what_is_deleted_before_it_is_copied_is_not_copied(s3: Any, quarter: Step) -> None:
    replicate(s3, rule())
    version = s3.put_object(Bucket=HERE, Key="a", Body=b"1")["VersionId"]
    s3.delete_object(Bucket=HERE, Key="a", VersionId=version)
    quarter()
    assert keys(s3, THERE) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Priority": None}, "Priority must be specified"),
        ({"DeleteMarkerReplication": None}, "DeleteMarkerReplication must be specified"),
        ({"Filter": None, "Prefix": ""}, "cannot be used for this version"),
        ({"Destination": {"Bucket": f"arn:aws:s3:::{HERE}"}}, "cannot be the same"),
        ({"Destination": {"Bucket": "arn:aws:s3:::nobodys"}}, "must exist"),
        ({"Destination": {"Bucket": "arn:aws:s3:::plain"}}, "must have versioning enabled"),
        (
            {
                "Filter": {"Tag": {"Key": "kind", "Value": "dump"}},
                "DeleteMarkerReplication": {"Status": "Enabled"},
            },
            "not supported if any Tag filter",
        ),
        (
            {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}},
            "ReplicaKmsKeyID must be specified",
        ),
    ],
)
def test_rules_that_s3_refuses(s3: Any, standby: Any, changes: dict[str, Any], message: str) -> None:
    make(standby, "plain", versioned=False)
    with pytest.raises(ClientError, match=message) as error:
        replicate(s3, rule(**changes))
    assert error.value.response["Error"]["Code"] == "InvalidRequest"


def test_buckets_that_s3_does_not_replicate(client: Callable[..., Any], standby: Any) -> None:
    s3 = client("s3", PRIMARY)
    make(s3, HERE, versioned=False)
    make(standby, THERE)
    with pytest.raises(ClientError, match="Versioning must be 'Enabled'"):
        replicate(s3, rule())
    s3.delete_bucket(Bucket=HERE)
    make(s3, HERE, lock=True)
    with pytest.raises(ClientError, match="Object Lock"):
        replicate(s3, rule())


def test_a_client_cannot_say_what_came_of_a_replication(s3: Any) -> None:
    replicate(s3, rule())

    def forge(request: Any, **_: Any) -> None:
        request.url += "?sandbox-replication-outcome"

    s3.meta.events.register("before-sign.s3.PutObject", forge)
    with pytest.raises(ClientError, match="InvalidArgument"):
        s3.put_object(Bucket=HERE, Key="a", Body=b"{}")
