"""CloudTrail's event history: who did what, where and when, as LookupEvents answers."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.settings import Settings

DELAY = 5  # seconds: AWS's five minutes on the tests' scale
Later = Callable[[float], None]


def lookup(cloudtrail: Any, **attributes: str) -> list[dict[str, Any]]:
    given = [{"AttributeKey": key, "AttributeValue": value} for key, value in attributes.items()]
    return list(cloudtrail.lookup_events(LookupAttributes=given)["Events"])


def test_an_event_tells_who_did_what_to_what_from_where(
    client: Any, settings: Settings, later: Later
) -> None:
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    client("ec2").delete_vpc(VpcId=vpc)
    later(DELAY)
    deleted, created = lookup(client("cloudtrail"), ResourceName=vpc)
    assert [created["EventName"], deleted["EventName"]] == ["CreateVpc", "DeleteVpc"]
    assert deleted["Resources"] == [{"ResourceType": "AWS::EC2::VPC", "ResourceName": vpc}]
    assert (deleted["Username"], deleted["AccessKeyId"]) == ("administrator", settings.access_key_id)
    assert (deleted["EventSource"], deleted["ReadOnly"]) == ("ec2.amazonaws.com", "false")
    assert deleted["EventTime"] >= before
    record = json.loads(deleted["CloudTrailEvent"])
    assert record["eventID"] == deleted["EventId"] != created["EventId"]
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["userAgent"].startswith("Botocore/")
    assert record["userIdentity"]["arn"] == f"arn:aws:iam::{settings.account_id}:user/administrator"
    assert record["userIdentity"]["type"] == "IAMUser"
    assert (record["awsRegion"], record["recipientAccountId"]) == ("eu-west-1", settings.account_id)


def test_a_refused_call_is_an_event_with_its_error(client: Any, later: Later) -> None:
    with pytest.raises(ClientError):
        client("ec2").delete_vpc(VpcId="vpc-0123456789abcdef0")
    later(DELAY)
    (event,) = lookup(client("cloudtrail"), EventName="DeleteVpc")
    assert json.loads(event["CloudTrailEvent"])["errorCode"] == "InvalidVpcID.NotFound"


def test_a_role_is_told_with_its_session(client: Any, settings: Settings, later: Later) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": settings.account_id}, "Action": "sts:AssumeRole"}
    role = client("iam").create_role(
        RoleName="deployer",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    given = client("sts").assume_role(RoleArn=role, RoleSessionName="anna")["Credentials"]
    as_role = client(
        "sns",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    topic = as_role.create_topic(Name="alerts")["TopicArn"]
    later(DELAY)
    (event,) = lookup(client("cloudtrail"), Username="anna")
    assert event["EventName"] == "CreateTopic"
    identity = json.loads(event["CloudTrailEvent"])["userIdentity"]
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role
    assert lookup(client("cloudtrail"), AccessKeyId=given["AccessKeyId"]) == [event]
    assert topic.endswith(event["Resources"][0]["ResourceName"])


def test_an_event_comes_minutes_late(client: Any, later: Later) -> None:
    client("sns").create_topic(Name="alerts")
    assert lookup(client("cloudtrail"), EventName="CreateTopic") == []
    later(DELAY)
    assert len(lookup(client("cloudtrail"), EventName="CreateTopic")) == 1


def test_events_are_of_a_region_and_those_of_global_services_of_us_east_1(client: Any, later: Later) -> None:
    client("sns", "eu-central-1").create_topic(Name="alerts")
    ec2 = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [ec2]})
    client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=trust)
    later(DELAY)
    here, there, us = (client("cloudtrail", region) for region in ("eu-west-1", "eu-central-1", "us-east-1"))
    assert lookup(here, EventSource="sns.amazonaws.com") == []
    assert [e["EventName"] for e in lookup(there, EventSource="sns.amazonaws.com")] == ["CreateTopic"]
    assert lookup(here, EventName="CreateRole") == []
    assert lookup(us, EventName="CreateRole")[0]["Resources"] == [
        {"ResourceType": "AWS::IAM::Role", "ResourceName": "reader"}
    ]


def test_what_is_done_with_data_is_no_management_event(client: Any, later: Later) -> None:
    s3, sns = client("s3"), client("sns")
    s3.create_bucket(Bucket="notes", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="notes", Key="a", Body=b"b")
    s3.get_object(Bucket="notes", Key="a")
    sns.publish(TopicArn=sns.create_topic(Name="alerts")["TopicArn"], Message="hello")
    client("cloudwatch").put_metric_data(Namespace="N", MetricData=[{"MetricName": "a", "Value": 1}])
    s3.list_buckets()
    later(DELAY)
    names = [event["EventName"] for event in client("cloudtrail").lookup_events()["Events"]]
    assert names == ["ListBuckets", "CreateTopic", "CreateBucket"]
    read = lookup(client("cloudtrail"), ReadOnly="true")
    assert [event["EventName"] for event in read] == ["LookupEvents", "ListBuckets"][-len(read) :]


def test_pages_hold_fifty_at_most_and_go_on_where_the_last_ended(client: Any, later: Later) -> None:
    ec2, cloudtrail = client("ec2"), client("cloudtrail")
    groups = [ec2.create_security_group(GroupName=f"g{n}", Description="d")["GroupId"] for n in range(5)]
    later(DELAY)
    wanted = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateSecurityGroup"}]}
    first = cloudtrail.lookup_events(**wanted, MaxResults=2)
    ec2.create_security_group(GroupName="late", Description="d")
    later(DELAY)
    second = cloudtrail.lookup_events(**wanted, MaxResults=3, NextToken=first["NextToken"])
    assert "NextToken" not in second
    told = [event["Resources"][0]["ResourceName"] for event in first["Events"] + second["Events"]]
    assert told == groups[::-1]
    refused("InvalidMaxResultsException", cloudtrail, MaxResults=51)
    refused("InvalidNextTokenException", cloudtrail, NextToken="bm9ib2R5")


def test_events_are_kept_for_90_days_and_asked_for_by_time(client: Any, later: Later) -> None:
    client("sns").create_topic(Name="alerts")
    later(DELAY)
    cloudtrail = client("cloudtrail")
    now = datetime.datetime.fromtimestamp(time.time() + DELAY, tz=datetime.UTC)
    hour = datetime.timedelta(hours=1)
    assert cloudtrail.lookup_events(StartTime=now + hour)["Events"] == []
    assert cloudtrail.lookup_events(EndTime=now - hour)["Events"] == []
    assert cloudtrail.lookup_events(StartTime=now - hour, EndTime=now + hour)["Events"] != []
    refused("InvalidTimeRangeException", cloudtrail, StartTime=now, EndTime=now - hour)


def test_one_attribute_can_be_asked_for(client: Any) -> None:
    cloudtrail = client("cloudtrail")
    name = {"AttributeKey": "EventName", "AttributeValue": "CreateVpc"}
    refused("InvalidLookupAttributesException", cloudtrail, LookupAttributes=[name, name])


def refused(code: str, cloudtrail: Any, **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        cloudtrail.lookup_events(**parameters)
    assert error.value.response["Error"]["Code"] == code
