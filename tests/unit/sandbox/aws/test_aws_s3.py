"""S3 where the emulator answers otherwise than AWS."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_a_bucket_that_is_not_there_is_told_by_its_head(client: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html: 404 without a body."""
    with pytest.raises(ClientError) as error:
        client("s3").head_bucket(Bucket="nobodys-bucket")
    assert error.value.response["Error"]["Code"] == "404"


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::dumps/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
EUROPE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


def denying(action: str, resource: str, **condition: Any) -> str:
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{resource}"}
    return json.dumps(
        {**POLICY, "Statement": [{**statement, "Condition": condition} if condition else statement]}
    )


def test_a_policy_that_asks_for_tls_does_not_keep_everybody_out(client: Any) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="dumps", **EUROPE)
    s3.put_bucket_policy(Bucket="dumps", Policy=json.dumps(POLICY))
    s3.put_object(Bucket="dumps", Key="a", Body=b"1")
    assert json.loads(s3.get_bucket_policy(Bucket="dumps")["Policy"]) == POLICY
    s3.put_bucket_policy(Bucket="dumps", Policy=denying("s3:PutObject", "dumps/*"))
    refused("AccessDenied", s3.put_object, Bucket="dumps", Key="a", Body=b"1")
    assert s3.get_object(Bucket="dumps", Key="a")["Body"].read() == b"1"

    def without_tls(request: Any, **_: Any) -> None:
        request.headers["X-Forwarded-Proto"] = "http"

    s3.put_bucket_policy(Bucket="dumps", Policy=json.dumps(POLICY))
    s3.meta.events.register("before-sign.s3.*", without_tls)
    refused("AccessDenied", s3.get_object, Bucket="dumps", Key="a")


def test_a_policy_denies_by_the_headers_of_an_upload(client: Any) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="dumps", **EUROPE)
    encryption = "s3:x-amz-server-side-encryption"
    by_header = {"Null": {encryption: "false"}, "StringNotEquals": {encryption: "aws:kms"}}
    s3.put_bucket_policy(Bucket="dumps", Policy=denying("s3:PutObject", "dumps/*", **by_header))
    upload = {"Bucket": "dumps", "Key": "a", "Body": b"1"}
    s3.put_object(**upload)
    s3.put_object(**upload, ServerSideEncryption="aws:kms")
    refused("AccessDenied", s3.put_object, **upload, ServerSideEncryption="AES256")


def test_a_policy_denies_by_who_calls_and_bucket_operations_too(client: Any) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="dumps", **EUROPE)
    for key in ("kept", "other"):
        s3.put_object(Bucket="dumps", Key=key, Body=b"1")
    operator = "arn:aws:iam::123456789012:role/operator"
    by_caller = {"ArnNotEquals": {"aws:PrincipalArn": operator}}
    s3.put_bucket_policy(Bucket="dumps", Policy=denying("s3:DeleteObject*", "dumps/kept", **by_caller))
    refused("AccessDenied", s3.delete_object, Bucket="dumps", Key="kept")
    objects = {"Objects": [{"Key": "kept"}, {"Key": "other"}]}
    answer = s3.delete_objects(Bucket="dumps", Delete=objects)
    assert [each["Key"] for each in answer["Deleted"]] == ["other"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("kept", "AccessDenied")]
    me = {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:user/administrator"}}
    s3.put_bucket_policy(Bucket="dumps", Policy=denying("s3:*", "dumps*", **me))
    s3.delete_object(Bucket="dumps", Key="kept")
    s3.put_bucket_policy(Bucket="dumps", Policy=denying("s3:ListBucket", "dumps"))
    refused("AccessDenied", s3.list_objects_v2, Bucket="dumps")
    assert s3.get_bucket_versioning(Bucket="dumps")["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_unknown_subresource_is_not_taken_for_the_bucket(client: Any) -> None:
    s3 = client("s3", region="us-east-1")
    metrics = {"Id": "all"}
    given = {"Bucket": "dumps", "Id": "all", "MetricsConfiguration": metrics}
    refused("NotImplemented", s3.put_bucket_metrics_configuration, **given)
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket="dumps")
    refused("NotImplemented", s3.delete_bucket_metrics_configuration, Bucket="dumps", Id="all")
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["dumps"]


def test_malformed_bucket_policies_are_refused(client: Any) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="dumps", **EUROPE)
    for policy in ("no JSON", "{}", '{"Statement": [{"Effect": "Deny"}]}'):
        refused("MalformedPolicy", s3.put_bucket_policy, Bucket="dumps", Policy=policy)


def test_a_replication_is_kept_whole_and_needs_a_versioned_destination(client: Any) -> None:
    s3 = client("s3")
    configuration = {
        "Role": "arn:aws:iam::123456789012:role/replication",
        "Rules": [
            {
                "ID": "standby",
                "Status": "Enabled",
                "Priority": 1,
                "Filter": {"Prefix": ""},
                "DeleteMarkerReplication": {"Status": "Enabled"},
                "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
                "Destination": {
                    "Bucket": "arn:aws:s3:::copies",
                    "EncryptionConfiguration": {
                        "ReplicaKmsKeyID": "arn:aws:kms:eu-west-1:123456789012:key/1"
                    },
                },
            }
        ],
    }
    s3.create_bucket(Bucket="dumps", **EUROPE)
    s3.put_bucket_versioning(Bucket="dumps", VersioningConfiguration={"Status": "Enabled"})
    put = {"Bucket": "dumps", "ReplicationConfiguration": configuration}
    refused("InvalidRequest", s3.put_bucket_replication, **put)
    s3.create_bucket(Bucket="copies", **EUROPE)
    refused("InvalidRequest", s3.put_bucket_replication, **put)
    s3.put_bucket_versioning(Bucket="copies", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(**put)
    assert s3.get_bucket_replication(Bucket="dumps")["ReplicationConfiguration"] == configuration
    s3.delete_bucket_replication(Bucket="dumps")
    refused("ReplicationConfigurationNotFoundError", s3.get_bucket_replication, Bucket="dumps")
