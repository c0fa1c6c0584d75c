"""The sweep finds what is left by tags, by the VPC, by the cluster's tags and by names, and tells why."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from .modules import Run, run_module

pytestmark = pytest.mark.usefixtures("strict_account")

REGION, ACCOUNT = "eu-west-1", "123456789012"
SITE = {"platform:environment": "test", "platform:site": "test_eu_west_1"}
SCOPE = {
    "environment": "test",
    "sites": ["test_eu_west_1"],
    "name": "notejam-test",
    "account_id": ACCOUNT,
}
TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def aws(service: str) -> Any:
    return boto3.client(service, REGION)


def pairs(**changed: str) -> list[dict[str, str]]:
    """The site's tags, as most services take them; `site` and `environment` are other ones."""
    own = {f"platform:{key}": value for key, value in changed.items()}
    return [{"Key": key, "Value": value} for key, value in {**SITE, **own}.items()]


def specification(kind: str, **changed: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": pairs(**changed)}]


def swept(**options: Any) -> Run:
    run = run_module("leftovers_info", **{**SCOPE, **options})
    assert run.writes == []
    assert "failed" not in run.result, run.result
    assert not run.changed
    return run


def left(**options: Any) -> dict[str, str]:
    """What is left, and why."""
    return {each["arn"]: each["why"] for each in swept(**options).result["leftovers"]}


def left_and_kept() -> tuple[dict[str, str], dict[str, str]]:
    """What is left and what stays, and why."""
    result = swept().result
    left, kept = ({each["arn"]: each["why"] for each in result[key]} for key in ("leftovers", "kept"))
    return left, kept


@pytest.fixture
def vpc() -> str:
    made = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification("vpc"))
    return str(made["Vpc"]["VpcId"])


def test_an_empty_account_has_nothing() -> None:
    result = swept().result
    assert (result["leftovers"], result["kept"]) == ([], [])


def test_what_is_in_the_vpc_is_found_whoever_made_it(vpc: str) -> None:
    ec2 = aws("ec2")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet, Description="by hand")
    group = ec2.create_security_group(GroupName="by-hand", Description="by hand", VpcId=vpc)
    elsewhere = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.create_security_group(GroupName="by-hand", Description="by hand", VpcId=elsewhere)
    found = left()
    begin = f"arn:aws:ec2:{REGION}:{ACCOUNT}:"
    assert found == {
        f"{begin}vpc/{vpc}": "carries the tags of test_eu_west_1",
        f"{begin}subnet/{subnet}": f"is in {vpc}, the VPC of notejam-test; no role made it",
        f"{begin}network-interface/{interface['NetworkInterface']['NetworkInterfaceId']}": (
            f"is in {vpc}, the VPC of notejam-test (by hand); no role made it"
        ),
        f"{begin}security-group/{group['GroupId']}": (
            f"is in {vpc}, the VPC of notejam-test (by-hand); no role made it"
        ),
    }


def test_what_aws_only_goes_on_listing_is_not_there(vpc: str) -> None:
    ec2 = aws("ec2")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_nat_gateway(
        SubnetId=subnet, ConnectivityType="private", TagSpecifications=specification("natgateway")
    )["NatGateway"]["NatGatewayId"]
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert not [arn for arn in left() if "natgateway" in arn]


def test_a_volume_that_a_driver_made_is_found_by_the_cluster_s_tag() -> None:
    ec2 = aws("ec2")
    for cluster in ("notejam-test", "other"):
        tags = [{"Key": f"kubernetes.io/cluster/{cluster}", "Value": "owned"}]
        ec2.create_volume(
            AvailabilityZone="eu-west-1a",
            Size=1,
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        )
    assert list(left().values()) == ["was made by EKS or a controller of the cluster notejam-test"]
    assert list(left(cluster_name="other").values()) == [
        "was made by EKS or a controller of the cluster other"
    ]
    assert left(cluster_name="neither") == {}


def test_what_cannot_have_tags_or_lost_them_is_found_by_its_name() -> None:
    aws("cloudwatch").put_dashboard(DashboardName="notejam-test-eu-west-1", DashboardBody='{"widgets": []}')
    for name in (
        "/aws/eks/notejam-test/cluster",
        "/aws/rds/cluster/notejam-test/postgresql",
        "/notejam-testing",
    ):
        aws("logs").create_log_group(logGroupName=name)
    assert {arn.split(":", 5)[-1] for arn in left()} == {
        "dashboard/notejam-test-eu-west-1",
        "log-group:/aws/eks/notejam-test/cluster",
        "log-group:/aws/rds/cluster/notejam-test/postgresql",
    }


def test_only_the_sites_that_are_asked_for_are_told() -> None:
    sns, iam = aws("sns"), aws("iam")
    for site in ("test_eu_west_1", "test_eu_central_1", "global"):
        sns.create_topic(Name=f"notejam-test-{site}", Tags=pairs(site=site))
        document = json.dumps(TRUST)
        iam.create_role(
            RoleName=f"notejam-test-{site}", AssumeRolePolicyDocument=document, Tags=pairs(site=site)
        )
    sns.create_topic(Name="notejam-test-of-prod", Tags=pairs(environment="prod"))

    def named(**options: Any) -> set[str]:
        return {arn.split("notejam-test-")[1] for arn in left(**options)}

    assert named(account_wide=False) == {"test_eu_west_1"}
    assert named() == {"test_eu_west_1", "global"}
    assert named(sites=["test_eu_west_1", "test_eu_central_1"]) == {
        "test_eu_west_1",
        "test_eu_central_1",
        "global",
    }


def test_an_instance_profile_is_told_by_its_tags_and_not_one_of_somebody_else() -> None:
    aws("iam").create_instance_profile(InstanceProfileName="nodes", Tags=pairs(site="test_eu_west_1"))
    aws("iam").create_instance_profile(InstanceProfileName="eks-0123")
    assert {arn.split(":", 5)[-1] for arn in left()} == {"instance-profile/nodes"}


def test_another_service_s_resource_is_found_by_its_tags() -> None:
    aws("dynamodb").create_table(
        TableName="somebodys",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=pairs(),
    )
    assert list(left()) == [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/somebodys"]


def bucket(name: str, key: str, **options: Any) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}, **options)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs()})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ApplyServerSideEncryptionByDefault": default}]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})


def key(**changed: str) -> str:
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in pairs(**changed)]
    return str(aws("kms").create_key(Tags=tags)["KeyMetadata"]["Arn"])


def test_dumps_under_a_lock_stay_with_their_key() -> None:
    used, unused = key(), key()
    bucket("locked", used, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 3}}
    aws("s3").put_object_lock_configuration(
        Bucket="locked", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    bucket("empty", unused)
    assert left() == {
        "arn:aws:s3:::locked": "carries the tags of test_eu_west_1",
        "arn:aws:s3:::empty": "carries the tags of test_eu_west_1",
        used: "carries the tags of test_eu_west_1",
        unused: "carries the tags of test_eu_west_1",
    }
    for name in ("locked", "empty"):
        aws("s3").put_object(Bucket=name, Key="dump", Body=b"Packing list")
    aws("s3").delete_object(Bucket="empty", Key="dump")
    leftovers, kept = left_and_kept()
    assert leftovers.keys() == {"arn:aws:s3:::empty", unused}
    assert kept == {
        "arn:aws:s3:::locked": (
            "holds objects that Object Lock (COMPLIANCE) keeps for 3 years after they were written"
        ),
        used: "encrypts arn:aws:s3:::locked",
    }


def test_records_that_a_lifecycle_deletes_stay_and_others_are_left() -> None:
    for name in ("archive", "heap"):
        bucket(name, "alias/aws/s3")
        aws("s3").put_object(Bucket=name, Key="record", Body=b"Packing list")
    rule = {"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1096}}
    aws("s3").put_bucket_lifecycle_configuration(Bucket="archive", LifecycleConfiguration={"Rules": [rule]})
    leftovers, kept = left_and_kept()
    assert leftovers == {"arn:aws:s3:::heap": "carries the tags of test_eu_west_1"}
    assert "deletes 1096 days after" in kept["arn:aws:s3:::archive"]


def test_what_waits_for_its_deletion_stays() -> None:
    going = key()
    aws("kms").schedule_key_deletion(KeyId=going.rpartition("/")[2], PendingWindowInDays=7)
    secret = aws("secretsmanager").create_secret(Name="notejam-test/django", SecretString="x", Tags=pairs())
    assert left() == {secret["ARN"]: "carries the tags of test_eu_west_1"}
    aws("secretsmanager").delete_secret(SecretId=secret["ARN"], RecoveryWindowInDays=7)
    leftovers, kept = left_and_kept()
    assert leftovers == {}
    assert "CancelKeyDeletion keeps it" in kept[going]
    assert "can be restored" in kept[secret["ARN"]]


def test_a_snapshot_stays_with_its_key() -> None:
    rds, used = aws("rds"), key()
    rds.create_db_cluster(
        DBClusterIdentifier="notejam-test",
        Engine="aurora-postgresql",
        MasterUsername="notejam",
        MasterUserPassword="not-a-secret",
        StorageEncrypted=True,
        KmsKeyId=used,
        Tags=pairs(),
    )
    assert f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:notejam-test" in left()
    rds.delete_db_cluster(DBClusterIdentifier="notejam-test", FinalDBSnapshotIdentifier="notejam-test-final")
    snapshot = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster-snapshot:notejam-test-final"
    leftovers, kept = left_and_kept()
    assert leftovers == {}
    assert kept == {
        snapshot: "is a snapshot of notejam-test, which stays until somebody deletes it",
        used: f"encrypts {snapshot}",
    }


def test_a_provider_that_others_trust_stays() -> None:
    iam = aws("iam")
    provider = iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", Tags=pairs(site="global")
    )["OpenIDConnectProviderArn"]
    assert list(left()) == [provider]
    trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"Federated": provider}}]}
    trust["Statement"][0]["Action"] = "sts:AssumeRoleWithWebIdentity"
    iam.create_role(RoleName="others", AssumeRolePolicyDocument=json.dumps(trust))
    assert left_and_kept() == ({}, {provider: "is trusted by others"})


@pytest.mark.parametrize("option", ["environment", "name"])
def test_nobody_sweeps_for_everything(option: str) -> None:
    run = run_module("leftovers_info", **{**SCOPE, option: ""})
    assert f"{option} is empty" in run.result["msg"]
    assert run.operations == []


def test_a_list_that_is_refused_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep that sees nothing proves nothing."""
    from moto.sns.models import SNSBackend

    def refused(*_arguments: Any, **_options: Any) -> None:
        from moto.core.exceptions import ServiceException

        raise ServiceException("AuthorizationError", "not authorized to perform: SNS:ListTopics")

    monkeypatch.setattr(SNSBackend, "list_topics", refused)
    run = run_module("leftovers_info", **SCOPE)
    assert run.result["failed"]
    assert "Cannot list the logs and alarms of eu-west-1" in run.result["msg"]
