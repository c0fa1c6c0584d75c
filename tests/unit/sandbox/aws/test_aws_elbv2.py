"""Elastic Load Balancing: what load balancers need, how they come and go, and what is said of targets."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from sandbox.aws.http import Request

REDIRECT = {
    "Type": "redirect",
    "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
}
NOT_FOUND = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


def refused(code: str, operation: Any, **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        operation(**parameters)
    assert error.value.response["Error"]["Code"] == code


@pytest.fixture
def ec2(client: Any) -> Any:
    return client("ec2")


@pytest.fixture
def elbv2(client: Any) -> Any:
    return client("elbv2")


def network(ec2: Any, number: int = 0) -> tuple[str, list[str]]:
    """A VPC with an internet gateway, and a subnet in each of two zones."""
    vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return vpc, [subnet(ec2, vpc, f"10.{number}.{n}.0/24", zone) for n, zone in enumerate("ab")]


def subnet(ec2: Any, vpc: str, cidr: str, zone: str) -> str:
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"eu-west-1{zone}")
    return str(made["Subnet"]["SubnetId"])


@pytest.fixture
def vpc_and_subnets(ec2: Any) -> tuple[str, list[str]]:
    return network(ec2)


@pytest.fixture
def vpc(vpc_and_subnets: tuple[str, list[str]]) -> str:
    return vpc_and_subnets[0]


@pytest.fixture
def subnets(vpc_and_subnets: tuple[str, list[str]]) -> list[str]:
    return vpc_and_subnets[1]


@pytest.fixture
def balancer(elbv2: Any, subnets: list[str]) -> dict[str, Any]:
    return create(elbv2, Subnets=subnets)


@pytest.fixture
def arn(balancer: dict[str, Any]) -> str:
    return str(balancer["LoadBalancerArn"])


def create(elbv2: Any, **options: Any) -> dict[str, Any]:
    [made] = elbv2.create_load_balancer(**{"Name": "alb", **options})["LoadBalancers"]
    return dict(made)


def target_group(elbv2: Any, vpc: str, name: str = "web") -> str:
    made = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip")
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def listen(elbv2: Any, arn: str, group: str | None = None, **options: Any) -> str:
    action = {"Type": "forward", "TargetGroupArn": group} if group else NOT_FOUND
    given = {"Protocol": "HTTP", "Port": 80, "DefaultActions": [action], **options}
    return str(elbv2.create_listener(LoadBalancerArn=arn, **given)["Listeners"][0]["ListenerArn"])


def test_it_takes_its_time_to_become_active(elbv2: Any, balancer: dict[str, Any], later: Any) -> None:
    def state() -> str:
        return str(elbv2.describe_load_balancers(Names=["alb"])["LoadBalancers"][0]["State"]["Code"])

    assert (balancer["State"]["Code"], state()) == ("provisioning", "provisioning")
    later(2.1)
    assert state() == "active"


def test_its_address_is_of_aws_own_form_and_zone(
    elbv2: Any, balancer: dict[str, Any], subnets: list[str]
) -> None:
    assert re.fullmatch(r"alb-\d{10}\.eu-west-1\.elb\.amazonaws\.com", balancer["DNSName"])
    assert (balancer["CanonicalHostedZoneId"], balancer["Scheme"]) == ("Z32O12XQLNTSW2", "internet-facing")
    internal = create(elbv2, Name="inside", Subnets=subnets, Scheme="internal")
    assert internal["DNSName"].startswith("internal-inside-")


@pytest.mark.parametrize("name", ["-alb", "alb-", "internal-alb", "a" * 33, "a_b"])
def test_a_name_that_aws_refuses(elbv2: Any, subnets: list[str], name: str) -> None:
    refused("ValidationError", elbv2.create_load_balancer, Name=name, Subnets=subnets)


def test_the_same_is_made_once_and_another_of_the_name_is_refused(
    elbv2: Any, subnets: list[str], arn: str
) -> None:
    assert create(elbv2, Subnets=subnets)["LoadBalancerArn"] == arn
    refused(
        "DuplicateLoadBalancerName",
        elbv2.create_load_balancer,
        Name="alb",
        Subnets=subnets,
        Scheme="internal",
    )


def test_it_stands_in_two_zones_with_one_subnet_each(
    ec2: Any, elbv2: Any, vpc: str, subnets: list[str]
) -> None:
    make = elbv2.create_load_balancer
    refused("ValidationError", make, Name="alb", Subnets=subnets[:1])
    twin = subnet(ec2, vpc, "10.0.9.0/24", "a")
    refused("InvalidConfigurationRequest", make, Name="alb", Subnets=[*subnets, twin])
    refused("SubnetNotFound", make, Name="alb", Subnets=[subnets[0], "subnet-0123456789abcdef0"])
    _, others = network(ec2, 1)
    refused("InvalidConfigurationRequest", make, Name="alb", Subnets=[subnets[0], others[1]])


def test_a_subnet_has_eight_addresses_free(ec2: Any, elbv2: Any, vpc: str, subnets: list[str]) -> None:
    small = subnet(ec2, vpc, "10.0.8.0/28", "b")  # 16, of which 5 are AWS's
    for _ in range(4):
        ec2.create_network_interface(SubnetId=small)
    refused("InvalidSubnet", elbv2.create_load_balancer, Name="alb", Subnets=[subnets[0], small])


def test_one_that_faces_the_internet_needs_a_way_there(ec2: Any, elbv2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    inside = [subnet(ec2, vpc, f"10.0.{n}.0/24", zone) for n, zone in enumerate("ab")]
    refused("InvalidSubnet", elbv2.create_load_balancer, Name="alb", Subnets=inside)
    create(elbv2, Subnets=inside, Scheme="internal")


def test_addresses_of_both_kinds_need_subnets_that_have_them(elbv2: Any, subnets: list[str]) -> None:
    make = elbv2.create_load_balancer
    refused("InvalidConfigurationRequest", make, Name="alb", Subnets=subnets, IpAddressType="dualstack")


def test_its_groups_are_of_its_vpc_and_stay_as_long_as_it(
    ec2: Any, elbv2: Any, vpc: str, subnets: list[str]
) -> None:
    group = ec2.create_security_group(GroupName="alb", Description="d", VpcId=vpc)["GroupId"]
    made = create(elbv2, Subnets=subnets, SecurityGroups=[group])
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnets[0])
    [first, second] = ec2.describe_network_interfaces(
        Filters=[{"Name": "description", "Values": ["ELB app/alb/*"]}]
    )["NetworkInterfaces"]
    assert {first["SubnetId"], second["SubnetId"]} == set(subnets)
    refused(
        "InvalidParameterValue",
        ec2.delete_network_interface,
        NetworkInterfaceId=first["NetworkInterfaceId"],
    )
    elsewhere, _ = network(ec2, 1)
    other = ec2.create_security_group(GroupName="alb", Description="d", VpcId=elsewhere)["GroupId"]
    change = elbv2.set_security_groups
    refused("InvalidSecurityGroup", change, LoadBalancerArn=made["LoadBalancerArn"], SecurityGroups=[other])
    elbv2.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    ec2.delete_security_group(GroupId=group)


def attributes(elbv2: Any, arn: str, **values: str) -> Any:
    pairs = [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]
    return elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs)


def test_it_tells_all_its_attributes(elbv2: Any, arn: str) -> None:
    told = elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    values = {each["Key"]: each["Value"] for each in told}
    assert values["routing.http.drop_invalid_header_fields.enabled"] == "false"
    assert values["access_logs.s3.enabled"] == "false"
    assert values["load_balancing.cross_zone.enabled"] == "true"
    assert values["idle_timeout.timeout_seconds"] == "60"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("idle_timeout.timeout_seconds", "4001", "ValidationError"),
        ("client_keep_alive.seconds", "59", "ValidationError"),
        ("deletion_protection.enabled", "yes", "ValidationError"),
        ("routing.http.desync_mitigation_mode", "none", "ValidationError"),
        ("no.such.attribute", "true", "InvalidConfigurationRequest"),
    ],
)
def test_an_attribute_has_values_of_its_own(elbv2: Any, arn: str, name: str, value: str, code: str) -> None:
    given = [{"Key": name, "Value": value}]
    refused(code, elbv2.modify_load_balancer_attributes, LoadBalancerArn=arn, Attributes=given)


def test_one_that_is_protected_stays(elbv2: Any, arn: str) -> None:
    attributes(elbv2, arn, deletion_protection__enabled="true")
    refused("OperationNotPermitted", elbv2.delete_load_balancer, LoadBalancerArn=arn)
    attributes(elbv2, arn, deletion_protection__enabled="false")
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    elbv2.delete_load_balancer(LoadBalancerArn=arn)  # what is gone may be deleted again


def test_logs_go_to_a_bucket_that_lets_them_in(client: Any, elbv2: Any, arn: str) -> None:
    s3 = client("s3")
    log_to = {"access_logs__s3__enabled": "true", "access_logs__s3__bucket": "logs"}
    for policy in (None, "s3:GetObject", "s3:PutObject"):
        refused("InvalidConfigurationRequest", attributes, elbv2=elbv2, arn=arn, **log_to)
        if policy is None:
            location = {"LocationConstraint": "eu-west-1"}
            s3.create_bucket(Bucket="logs", CreateBucketConfiguration=location)
            continue
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": policy,
            "Resource": "arn:aws:s3:::logs/AWSLogs/123456789012/*",
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket="logs", Policy=json.dumps(document))
    attributes(elbv2, arn, **log_to)


def test_logs_go_to_no_bucket_with_a_key_or_for_others(client: Any, elbv2: Any, arn: str) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"""
    s3 = client("s3")
    s3.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    log_to = {"access_logs__s3__enabled": "true", "access_logs__s3__bucket": "logs"}

    def let(source: str, algorithm: str) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::logs/AWSLogs/123456789012/*",
            "Condition": {
                "ArnLike": {"aws:SourceArn": f"arn:aws:elasticloadbalancing:{source}:loadbalancer/*"}
            },
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket="logs", Policy=json.dumps(document))
        default = {"SSEAlgorithm": algorithm}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
        s3.put_bucket_encryption(Bucket="logs", ServerSideEncryptionConfiguration=rules)

    for source, algorithm in (("eu-west-1:210987654321", "AES256"), ("eu-west-1:123456789012", "aws:kms")):
        let(source, algorithm)
        refused("InvalidConfigurationRequest", attributes, elbv2=elbv2, arn=arn, **log_to)
    let("eu-west-1:123456789012", "AES256")
    attributes(elbv2, arn, **log_to)


def test_it_carries_fifty_tags_and_no_more(elbv2: Any, arn: str) -> None:
    tags = [{"Key": f"key-{n}", "Value": "v"} for n in range(50)]
    elbv2.add_tags(ResourceArns=[arn], Tags=tags)
    one = [{"Key": "one-more", "Value": "v"}]
    refused("TooManyTags", elbv2.add_tags, ResourceArns=[arn], Tags=one)
    refused("DuplicateTagKeys", elbv2.add_tags, ResourceArns=[arn], Tags=[tags[0], tags[0]])
    own = [{"Key": "aws:key", "Value": "v"}]
    refused("ValidationError", elbv2.add_tags, ResourceArns=[arn], Tags=own)
    refused("ValidationError", elbv2.describe_tags, ResourceArns=[arn] * 21)
    refused("LoadBalancerNotFound", elbv2.describe_tags, ResourceArns=[f"{arn}0"])


def issued(client: Any, later: Any, region: str = "eu-west-1") -> str:
    acm, route53 = client("acm", region), client("route53")
    arn = acm.request_certificate(DomainName="notejam.test", ValidationMethod="DNS")["CertificateArn"]
    [option] = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    zone = route53.create_hosted_zone(Name="notejam.test", CallerReference=region)["HostedZone"]["Id"]
    record = {
        "Name": option["ResourceRecord"]["Name"],
        "Type": "CNAME",
        "TTL": 300,
        "ResourceRecords": [{"Value": option["ResourceRecord"]["Value"]}],
    }
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record}]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    later(3)
    return str(arn)


def test_https_needs_a_certificate_that_is_issued_here(client: Any, elbv2: Any, arn: str, later: Any) -> None:
    def https(*certificates: str, **options: Any) -> str:
        given = [{"CertificateArn": each} for each in certificates]
        return listen(elbv2, arn, Protocol="HTTPS", Port=443, Certificates=given, **options)

    def code(*certificates: str, **options: Any) -> str:
        with pytest.raises(ClientError) as error:
            https(*certificates, **options)
        return str(error.value.response["Error"]["Code"])

    pending = client("acm").request_certificate(DomainName="a.test", ValidationMethod="DNS")
    good = issued(client, later)
    assert code() == "ValidationError"
    assert code(pending["CertificateArn"]) == "UnsupportedCertificate"
    assert code(issued(client, later, "eu-central-1")) == "CertificateNotFound"
    assert code(good, SslPolicy="ELBSecurityPolicy-of-mine") == "SSLPolicyNotFound"
    made = https(good, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")
    [found] = elbv2.describe_listeners(ListenerArns=[made])["Listeners"]
    assert found["Certificates"] == [{"CertificateArn": good}]
    refused(
        "OperationNotPermitted",
        elbv2.remove_listener_certificates,
        ListenerArn=made,
        Certificates=[{"CertificateArn": good}],
    )


def test_http_has_no_certificate_and_no_policy(client: Any, elbv2: Any, arn: str, later: Any) -> None:
    given = [{"CertificateArn": issued(client, later)}]
    with pytest.raises(ClientError, match="ValidationError"):
        listen(elbv2, arn, Certificates=given)
    listen(elbv2, arn, DefaultActions=[REDIRECT])
    [found] = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    assert "SslPolicy" not in found
    assert found["DefaultActions"][0]["RedirectConfig"]["StatusCode"] == "HTTP_301"


def test_a_port_has_one_listener(elbv2: Any, arn: str) -> None:
    first = listen(elbv2, arn)
    second = listen(elbv2, arn, Port=81)
    with pytest.raises(ClientError, match="DuplicateListener"):
        listen(elbv2, arn)
    refused("DuplicateListener", elbv2.modify_listener, ListenerArn=second, Port=80)
    elbv2.modify_listener(ListenerArn=first, Port=80, DefaultActions=[REDIRECT])


def test_a_target_group_is_of_one_load_balancer_and_stays_as_long(
    ec2: Any, elbv2: Any, vpc: str, subnets: list[str], arn: str
) -> None:
    group = target_group(elbv2, vpc)
    made = listen(elbv2, arn, group)
    other = create(elbv2, Name="other", Subnets=subnets)["LoadBalancerArn"]
    with pytest.raises(ClientError, match="TargetGroupAssociationLimit"):
        listen(elbv2, other, group)
    elsewhere, _ = network(ec2, 1)
    with pytest.raises(ClientError, match="InvalidConfigurationRequest"):
        listen(elbv2, other, target_group(elbv2, elsewhere, "elsewhere"))
    refused("ResourceInUse", elbv2.delete_target_group, TargetGroupArn=group)
    elbv2.delete_listener(ListenerArn=made)
    listen(elbv2, other, group)


def health(elbv2: Any, group: str) -> dict[str, str]:
    told = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return {
        f"{each['Target']['Id']}:{each['Target']['Port']}": each["TargetHealth"].get("Reason", "healthy")
        for each in told
    }


def test_targets_are_addresses_with_ports_that_the_vpc_reaches(elbv2: Any, vpc: str) -> None:
    group = target_group(elbv2, vpc)

    def code(address: str, **options: Any) -> str:
        with pytest.raises(ClientError) as error:
            elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": address, **options}])
        return str(error.value.response["Error"]["Code"])

    assert code("10.0.200.1") == "InvalidTarget"
    assert code("172.16.0.1") == "ValidationError"
    assert code("198.51.100.1", AvailabilityZone="all") == "ValidationError"
    assert code("host") == "ValidationError"
    pods = [
        {"Id": "10.0.1.5", "Port": 8000},
        {"Id": "10.0.1.5", "Port": 8001},
        {"Id": "172.16.0.1", "AvailabilityZone": "all"},
    ]
    elbv2.register_targets(TargetGroupArn=group, Targets=pods)
    told = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [(each["Target"]["Port"], each["Target"]["AvailabilityZone"]) for each in told] == [
        (8000, "eu-west-1b"),
        (8001, "eu-west-1b"),
        (8000, "all"),
    ]
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.5", "Port": 8001}])
    assert list(health(elbv2, group)) == ["10.0.1.5:8000", "172.16.0.1:8000"]


def test_a_target_is_as_healthy_as_who_serves_it_says(
    elbv2: Any, vpc: str, arn: str, cloud: Cloud, later: Any
) -> None:
    group = target_group(elbv2, vpc)
    pods = [{"Id": f"10.0.0.{n}"} for n in (5, 6, 7)]
    elbv2.register_targets(TargetGroupArn=group, Targets=pods)
    assert set(health(elbv2, group).values()) == {"Target.NotInUse"}
    listen(elbv2, arn, group)
    assert set(health(elbv2, group).values()) == {"Elb.InitialHealthChecking"}
    told = {group: {"10.0.0.5:8000": "healthy", "10.0.0.6:8000": "unhealthy"}}
    told_to = Request("POST", "/_sandbox/elbv2/target-health", body=json.dumps(told).encode())
    cloud.gateway.serve_internal(told_to)
    assert health(elbv2, group)["10.0.0.5:8000"] == "healthy"
    later(1)
    assert health(elbv2, group) == {
        "10.0.0.5:8000": "healthy",
        "10.0.0.6:8000": "Target.FailedHealthChecks",
        "10.0.0.7:8000": "Target.Timeout",
    }
