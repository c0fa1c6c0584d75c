"""The tagging API sees what the platform's services tag, each where AWS tells of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

TAG = {"Key": "platform:component", "Value": "network"}
TAGS = [TAG]
AS_DICT = {TAG["Key"]: TAG["Value"]}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["eks.amazonaws.com", "ec2.amazonaws.com"]},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def found(client: Any, region: str = "eu-west-1", **asked: Any) -> set[str]:
    """What the API tells of, as service and type."""
    pages = client("resourcegroupstaggingapi", region=region).get_paginator("get_resources")
    given = asked or {"TagFilters": [{"Key": TAG["Key"], "Values": [TAG["Value"]]}]}
    arns = [
        each["ResourceARN"] for page in pages.paginate(**given) for each in page["ResourceTagMappingList"]
    ]
    assert len(arns) == len(set(arns))
    return {word(arn) for arn in arns}


def word(arn: str) -> str:
    _, _, service, _, _, resource = arn.split(":", 5)
    return f"{service}:{resource.replace(':', '/').split('/')[0]}" if service != "s3" else "s3:bucket"


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


@pytest.fixture
def vpc(client: Any) -> str:
    specification = [{"ResourceType": "vpc", "Tags": TAGS}]
    made = client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification)
    return str(made["Vpc"]["VpcId"])


def test_networks_are_seen_with_all_their_parts(client: Any, vpc: str) -> None:
    ec2 = client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3")["VpcEndpoint"]
    out = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    names = [address, endpoint["VpcEndpointId"], out["EgressOnlyInternetGatewayId"], acl]
    ec2.create_tags(Resources=names, Tags=TAGS)
    kinds = {"vpc", "elastic-ip", "vpc-endpoint", "egress-only-internet-gateway", "network-acl"}
    assert found(client) == {f"ec2:{kind}" for kind in kinds}
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    ec2.release_address(AllocationId=address)
    assert found(client) == {f"ec2:{kind}" for kind in kinds - {"elastic-ip", "vpc-endpoint"}}
    assert found(client, ResourceTypeFilters=["ec2:vpc", "ec2:network-acl"]) == {"ec2:vpc", "ec2:network-acl"}
    assert found(client, region="eu-central-1") == set()


def test_what_other_services_tag_is_seen(client: Any, settings: Any) -> None:
    client("backup").create_backup_vault(BackupVaultName="site", BackupVaultTags=AS_DICT)
    rule = {"RuleName": "daily", "TargetBackupVaultName": "site", "ScheduleExpression": "cron(0 5 * * ? *)"}
    plan = {"BackupPlanName": "site", "Rules": [rule]}
    made = client("backup").create_backup_plan(BackupPlan=plan, BackupPlanTags=AS_DICT)
    client("wafv2").create_ip_set(
        Name="allowed", Scope="REGIONAL", IPAddressVersion="IPV4", Addresses=[], Tags=TAGS
    )
    client("rds").create_db_cluster_parameter_group(
        DBClusterParameterGroupName="site",
        DBParameterGroupFamily="aurora-postgresql17",
        Description="d",
        Tags=TAGS,
    )
    client("logs").create_log_group(logGroupName="/vpc/site", tags=AS_DICT)
    everything = {
        "backup:backup-vault",
        "backup:backup-plan",
        "wafv2:regional",
        "rds:cluster-pg",
        "logs:log-group",
    }
    assert found(client) == everything
    assert found(client, ResourceTypeFilters=["logs:log-group"]) == {"logs:log-group"}
    assert found(client, ResourceTypeFilters=["backup"]) == {"backup:backup-vault", "backup:backup-plan"}
    client("backup").delete_backup_plan(BackupPlanId=made["BackupPlanId"])
    assert found(client) == everything - {"backup:backup-plan"}


def test_a_cluster_is_seen(client: Any, vpc: str) -> None:
    ec2 = client("ec2")
    zones = ("eu-west-1a", "eu-west-1b")
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)["Subnet"]
        for number, zone in enumerate(zones)
    ]
    role = client("iam").create_role(RoleName="cluster", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    client("eks").create_cluster(
        name="site",
        roleArn=role,
        resourcesVpcConfig={"subnetIds": [each["SubnetId"] for each in subnets]},
        tags=AS_DICT,
    )
    assert found(client, ResourceTypeFilters=["eks"]) == {"eks:cluster"}
    assert {"ec2:vpc", "eks:cluster"} <= found(client)


def test_global_resources_are_seen_in_one_region_and_roles_nowhere(client: Any) -> None:
    iam = client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=TAGS)
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::notes/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.create_policy(PolicyName="p", PolicyDocument=document, Tags=TAGS)
    zone = client("route53").create_hosted_zone(Name="example.org", CallerReference="1")["HostedZone"]["Id"]
    client("route53").change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=zone.rpartition("/")[2], AddTags=TAGS
    )
    s3 = client("s3")
    s3.create_bucket(Bucket="notes", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_tagging(Bucket="notes", Tagging={"TagSet": TAGS})
    assert found(client) == {"s3:bucket"}
    assert found(client, region="us-east-1") == {"iam:policy", "route53:hostedzone"}


def test_answers_come_in_pages(client: Any) -> None:
    ec2, tagging = client("ec2"), client("resourcegroupstaggingapi")
    specification = [{"ResourceType": "elastic-ip", "Tags": TAGS}]
    for _ in range(3):
        ec2.allocate_address(Domain="vpc", TagSpecifications=specification)
    first = tagging.get_resources(ResourcesPerPage=2)
    rest = tagging.get_resources(ResourcesPerPage=2, PaginationToken=first["PaginationToken"])
    sizes = [len(each["ResourceTagMappingList"]) for each in (first, rest)]
    assert (sizes, rest["PaginationToken"]) == ([2, 1], "")
    refused("PaginationTokenExpiredException", tagging.get_resources, PaginationToken="none")
    refused("InvalidParameterException", tagging.get_resources, TagsPerPage=150)
    [arn] = [each["ResourceARN"] for each in rest["ResourceTagMappingList"]]
    alone = tagging.get_resources(ResourceARNList=[arn])["ResourceTagMappingList"]
    assert [each["ResourceARN"] for each in alone] == [arn]
    refused(
        "InvalidParameterException",
        tagging.get_resources,
        ResourceARNList=[arn],
        ResourceTypeFilters=["ec2"],
    )
