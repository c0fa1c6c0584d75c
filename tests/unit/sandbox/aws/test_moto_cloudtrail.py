"""CloudTrail's trails where moto would let pass, or lack, what AWS does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.aws.conftest import ACCOUNT

BUCKET, NAME, GROUP, ROLE = "notejam-trail", "notejam-prod", "trail", "trail"
ARN = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/{NAME}"
CLOUDTRAIL = {"Service": "cloudtrail.amazonaws.com"}
MINE = {"StringEquals": {"aws:SourceArn": ARN}}
FULL = {"StringEquals": {"aws:SourceArn": ARN, "s3:x-amz-acl": "bucket-owner-full-control"}}
GROUP_ARN = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{GROUP}"


def statement(principal: Any, action: Any, resource: str, condition: Any = None) -> dict[str, Any]:
    made = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    return made | ({"Condition": condition} if condition else {})


ACL = statement(CLOUDTRAIL, "s3:GetBucketAcl", f"arn:aws:s3:::{BUCKET}", MINE)
WRITE = statement(CLOUDTRAIL, "s3:PutObject", f"arn:aws:s3:::{BUCKET}/AWSLogs/{ACCOUNT}/*", FULL)
ADMINISTERS = statement({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*", "*")
ENCRYPTS = statement(CLOUDTRAIL, ["kms:GenerateDataKey*", "kms:DescribeKey"], "*", MINE)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


@pytest.fixture
def bucket(client: Any) -> str:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(ACL, WRITE))
    return BUCKET


@pytest.fixture
def trail(client: Any, bucket: str) -> Any:
    cloudtrail = client("cloudtrail")
    cloudtrail.create_trail(
        Name=NAME, S3BucketName=bucket, IsMultiRegionTrail=True, TagsList=[{"Key": "a", "Value": "b"}]
    )
    return cloudtrail


@pytest.mark.parametrize(
    "statements",
    [
        [ACL],
        [WRITE],
        [ACL, {**WRITE, "Condition": {"StringEquals": {"aws:SourceArn": f"{ARN}-other"}}}],
        [ACL, {**WRITE, "Resource": f"arn:aws:s3:::{BUCKET}/AWSLogs/210987654321/*"}],
        [ACL, WRITE, {**WRITE, "Effect": "Deny", "Principal": "*", "Condition": {}}],
    ],
    ids=["cannot write", "cannot read the ACL", "another trail's", "another account's", "denied"],
)
def test_a_bucket_has_to_let_the_trail_write(client: Any, bucket: str, statements: list[Any]) -> None:
    client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(*statements))
    cloudtrail = client("cloudtrail")
    refused("InsufficientS3BucketPolicyException", cloudtrail.create_trail, Name=NAME, S3BucketName=bucket)
    assert cloudtrail.describe_trails()["trailList"] == []


def test_a_denial_without_tls_keeps_nobody_out(client: Any, bucket: str) -> None:
    tls = {
        **statement("*", "s3:*", f"arn:aws:s3:::{BUCKET}/*", {"Bool": {"aws:SecureTransport": "false"}}),
        "Effect": "Deny",
    }
    client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(ACL, WRITE, tls))
    client("cloudtrail").create_trail(Name=NAME, S3BucketName=bucket)


def test_a_key_has_to_let_the_trail_encrypt(trail: Any, client: Any) -> None:
    kms = client("kms")
    key = kms.create_key(Policy=policy(ADMINISTERS))["KeyMetadata"]
    update = {"Name": NAME, "KmsKeyId": key["KeyId"]}
    refused("InsufficientEncryptionPolicyException", trail.update_trail, **update)
    assert "KmsKeyId" not in trail.get_trail(Name=NAME)["Trail"]
    kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy(ADMINISTERS, ENCRYPTS))
    trail.update_trail(**update)
    assert trail.get_trail(Name=NAME)["Trail"]["KmsKeyId"] == key["Arn"]
    refused("KmsKeyNotFoundException", trail.update_trail, Name=NAME, KmsKeyId="alias/nobodys")
    elsewhere = client("kms", "eu-central-1").create_key()["KeyMetadata"]["Arn"]
    refused("KmsKeyNotFoundException", trail.update_trail, Name=NAME, KmsKeyId=elsewhere)
    kms.disable_key(KeyId=key["KeyId"])
    refused("KmsException", trail.update_trail, **update)


def test_a_role_has_to_let_the_trail_write_to_its_log_group(trail: Any, client: Any) -> None:
    group = f"{GROUP_ARN}:*"
    trust = policy({"Effect": "Allow", "Principal": CLOUDTRAIL, "Action": "sts:AssumeRole"})
    iam = client("iam")
    role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    both = {"Name": NAME, "CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role}
    refused("InvalidCloudWatchLogsLogGroupArnException", trail.update_trail, **both)
    client("logs").create_log_group(logGroupName=GROUP)
    refused("InvalidCloudWatchLogsRoleArnException", trail.update_trail, **both)
    stream = f"{GROUP_ARN}:log-stream:{ACCOUNT}_CloudTrail_eu-west-1*"
    allowed = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": stream}
    iam.put_role_policy(RoleName=ROLE, PolicyName="write", PolicyDocument=policy(allowed))
    trail.update_trail(**both)
    assert trail.get_trail(Name=NAME)["Trail"]["CloudWatchLogsRoleArn"] == role
    refused(
        "InvalidCloudWatchLogsRoleArnException",
        trail.update_trail,
        **both | {"CloudWatchLogsRoleArn": f"{role}2"},
    )
    without = {"Name": NAME, "CloudWatchLogsRoleArn": "", "CloudWatchLogsLogGroupArn": ""}
    assert "CloudWatchLogsLogGroupArn" not in trail.update_trail(**without)


def test_a_trail_of_all_regions_is_a_shadow_elsewhere(trail: Any, client: Any, bucket: str) -> None:
    other = client("cloudtrail", "eu-central-1")
    assert [t["HomeRegion"] for t in other.describe_trails()["trailList"]] == ["eu-west-1"]
    assert other.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert other.describe_trails(trailNameList=[NAME])["trailList"] == []
    assert [t["Name"] for t in other.describe_trails(trailNameList=[ARN])["trailList"]] == [NAME]
    refused("TrailAlreadyExistsException", other.create_trail, Name=NAME, S3BucketName=bucket)
    for change in (other.start_logging, other.stop_logging, other.delete_trail, other.update_trail):
        refused("InvalidHomeRegionException", change, Name=NAME)
        refused("InvalidHomeRegionException", change, Name=ARN)
    assert other.get_trail_status(Name=ARN)["IsLogging"] is False
    assert other.get_event_selectors(TrailName=ARN)["TrailARN"] == ARN
    assert other.get_insight_selectors(TrailName=ARN)["TrailARN"] == ARN


def test_a_region_sees_five_trails(trail: Any, client: Any, bucket: str) -> None:
    s3 = client("s3")
    anybody = [{k: v for k, v in one.items() if k != "Condition"} for one in (ACL, WRITE)]
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(*anybody))
    for number in range(4):
        trail.create_trail(Name=f"other-{number}", S3BucketName=bucket)
    refused("MaximumNumberOfTrailsExceededException", trail.create_trail, Name="sixth", S3BucketName=bucket)
    client("cloudtrail", "eu-central-1").create_trail(Name="sixth", S3BucketName=bucket)


def test_selectors_begin_with_all_and_are_replaced(trail: Any) -> None:
    def told() -> dict[str, Any]:
        answer = trail.get_event_selectors(TrailName=NAME)
        return {key: answer[key] for key in answer if key.endswith("EventSelectors")}

    default = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
    assert told() == {"EventSelectors": [default]}
    assert trail.describe_trails()["trailList"][0]["HasCustomEventSelectors"] is False
    advanced = [{"Name": "a", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    trail.put_event_selectors(TrailName=NAME, AdvancedEventSelectors=advanced)
    assert told() == {"AdvancedEventSelectors": advanced}
    trail.put_event_selectors(TrailName=NAME, EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    assert told() == {"EventSelectors": [{**default, "ReadWriteType": "WriteOnly"}]}
    assert trail.describe_trails()["trailList"][0]["HasCustomEventSelectors"] is True
    wrongs: tuple[dict[str, Any], ...] = (
        {"EventSelectors": [{"ExcludeManagementEventSources": ["ec2.amazonaws.com"]}]},
        {"EventSelectors": [{}] * 6},
        {"EventSelectors": [{}], "AdvancedEventSelectors": advanced},
    )
    for wrong in wrongs:
        refused("InvalidEventSelectorsException", trail.put_event_selectors, TrailName=NAME, **wrong)


def test_tags_belong_to_the_trail_and_go_with_it(trail: Any, bucket: str) -> None:
    trail.remove_tags(ResourceId=ARN, TagsList=[{"Key": "a"}])
    trail.add_tags(ResourceId=ARN, TagsList=[{"Key": "c", "Value": "d"}])
    (told,) = trail.list_tags(ResourceIdList=[ARN])["ResourceTagList"]
    assert told["TagsList"] == [{"Key": "c", "Value": "d"}]
    refused("ResourceNotFoundException", trail.add_tags, ResourceId=f"{ARN}2", TagsList=told["TagsList"])
    refused("CloudTrailARNInvalidException", trail.list_tags, ResourceIdList=[NAME])
    trail.delete_trail(Name=ARN)
    refused("TrailNotFoundException", trail.delete_trail, Name=NAME)
    trail.create_trail(Name=NAME, S3BucketName=bucket)
    assert trail.list_tags(ResourceIdList=[ARN])["ResourceTagList"][0]["TagsList"] == []


@pytest.mark.parametrize("name", ["a..b", "a-_b", "192.168.5.4", "ab", "-ab"])
def test_names_that_aws_refuses(client: Any, bucket: str, name: str) -> None:
    refused("InvalidTrailNameException", client("cloudtrail").create_trail, Name=name, S3BucketName=bucket)


def test_the_tagging_api_finds_trails_at_home(trail: Any, client: Any) -> None:
    tagging = client("resourcegroupstaggingapi")

    def found(region: str = "eu-west-1") -> dict[str, dict[str, str]]:
        api = client("resourcegroupstaggingapi", region)
        listed = api.get_resources(ResourceTypeFilters=["cloudtrail:trail"])["ResourceTagMappingList"]
        return {one["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in one["Tags"]} for one in listed}

    assert found() == {ARN: {"a": "b"}}
    assert found("eu-central-1") == {}
    tagging.tag_resources(ResourceARNList=[ARN], Tags={"c": "d"})
    tagging.untag_resources(ResourceARNList=[ARN], TagKeys=["a"])
    assert found() == {ARN: {"c": "d"}}
