"""ACM: a certificate is issued once its records are in Route 53, and stays while it is used."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

NAMES = {"DomainName": "notejam.test", "SubjectAlternativeNames": ["www.notejam.test", "*.notejam.test"]}


def validate(client: Any, arn: str, zone: str) -> None:
    """Have the records in the zone that the certificate asks for."""
    certificate = client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    records = [option["ResourceRecord"] for option in certificate["DomainValidationOptions"]]
    for record in {record["Name"]: record for record in records}.values():
        change = {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": record["Name"],
                "Type": "CNAME",
                "TTL": 300,
                "ResourceRecords": [{"Value": record["Value"]}],
            },
        }
        client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


def test_a_certificate_waits_for_its_records(client: Any, later: Any) -> None:
    acm, route53 = client("acm"), client("route53")
    zone = route53.create_hosted_zone(Name="notejam.test", CallerReference="a")["HostedZone"]["Id"]
    arn = acm.request_certificate(ValidationMethod="DNS", **NAMES)["CertificateArn"]

    def described() -> dict[str, Any]:
        found: dict[str, Any] = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        return found

    later(600)
    pending = described()
    assert (pending["Status"], pending.get("IssuedAt")) == ("PENDING_VALIDATION", None)
    records = [option["ResourceRecord"] for option in pending["DomainValidationOptions"]]
    # A wildcard is validated by the record of the name below which it is.
    assert len({record["Name"] for record in records}) == 2
    validate(client, arn, zone)
    later(3)
    assert described()["Status"] == "ISSUED"
    assert described()["SubjectAlternativeNames"] == ["notejam.test", "www.notejam.test", "*.notejam.test"]


def test_another_region_asks_for_the_same_records(client: Any) -> None:
    names = set()
    for region in ("eu-west-1", "eu-central-1"):
        acm = client("acm", region)
        arn = acm.request_certificate(DomainName="notejam.test", ValidationMethod="DNS")["CertificateArn"]
        [option] = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
        names.add(option["ResourceRecord"]["Name"])
    assert len(names) == 1


def test_a_certificate_that_a_listener_uses_stays(client: Any, later: Any) -> None:
    acm, ec2, elbv2 = client("acm"), client("ec2"), client("elbv2")
    arn = acm.request_certificate(ValidationMethod="DNS", **NAMES)["CertificateArn"]
    zone = client("route53").create_hosted_zone(Name="notejam.test", CallerReference="a")["HostedZone"]["Id"]
    validate(client, arn, zone)
    later(3)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")
        for n, zone in enumerate("ab")
    ]
    [made] = elbv2.create_load_balancer(
        Name="alb", Scheme="internal", Subnets=[each["Subnet"]["SubnetId"] for each in subnets]
    )["LoadBalancers"]
    balancer = made["LoadBalancerArn"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[answer],
    )
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"] == [balancer]
    with pytest.raises(ClientError, match="ResourceInUseException"):
        acm.delete_certificate(CertificateArn=arn)
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    acm.delete_certificate(CertificateArn=arn)
