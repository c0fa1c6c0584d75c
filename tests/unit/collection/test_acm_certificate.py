"""The module acm_certificate: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("strict_account")

NAMES = {"domain_name": "notejam.test", "subject_alternative_names": ["grafana.notejam.test"]}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    import sandbox.aws.moto.acm

    monkeypatch.setattr(sandbox.aws.moto.acm, "ISSUED_AFTER", timedelta())


@pytest.fixture
def acm() -> Any:
    return boto3.client("acm", "eu-west-1")


@pytest.fixture
def options() -> dict[str, Any]:
    route53 = boto3.client("route53")
    zone = route53.create_hosted_zone(Name="notejam.test", CallerReference="a")["HostedZone"]["Id"]
    return {"name": "notejam", "hosted_zone_id": zone.split("/")[-1], "tags": {"a": "b"}, **NAMES}


def records(zone: str) -> list[str]:
    sets = boto3.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return [each["Name"] for each in sets if each["Type"] == "CNAME"]


def arns(acm: Any) -> list[str]:
    return [each["CertificateArn"] for each in acm.list_certificates()["CertificateSummaryList"]]


def listen(certificate: str) -> None:
    ec2, elbv2 = boto3.client("ec2", "eu-west-1"), boto3.client("elbv2", "eu-west-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")
        for n, zone in enumerate("ab")
    ]
    balancer = elbv2.create_load_balancer(
        Name="alb", Scheme="internal", Subnets=[each["Subnet"]["SubnetId"] for each in subnets]
    )["LoadBalancers"][0]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[answer],
    )


def test_a_certificate_is_issued_by_its_records(acm: Any, options: dict[str, Any]) -> None:
    made = four_steps("acm_certificate", **options).result["certificate"]
    found = acm.describe_certificate(CertificateArn=made["arn"])["Certificate"]
    assert found["Status"] == "ISSUED"
    assert found["SubjectAlternativeNames"] == made["names"] == ["notejam.test", "grafana.notejam.test"]
    assert made["tags"] == {"a": "b", "Name": "notejam"}
    assert len(records(options["hosted_zone_id"])) == 2


def test_a_record_removed_by_hand_comes_back_for_the_renewal(options: dict[str, Any]) -> None:
    run_module("acm_certificate", **options)
    route53, zone = boto3.client("route53"), options["hosted_zone_id"]
    sets = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    lost = next(each for each in sets if each["Type"] == "CNAME")
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": lost}]}
    )
    assert four_steps("acm_certificate", **options).writes == ["ChangeResourceRecordSets"]
    assert len(records(zone)) == 2


def test_other_names_are_a_new_certificate_and_the_old_one_goes(acm: Any, options: dict[str, Any]) -> None:
    old = run_module("acm_certificate", **options).result["certificate"]["arn"]
    new = four_steps("acm_certificate", **options | {"subject_alternative_names": []})
    assert new.result["certificate"]["arn"] != old
    assert arns(acm) == [new.result["certificate"]["arn"]]


def test_a_certificate_in_use_stays_until_it_is_no_more(acm: Any, options: dict[str, Any]) -> None:
    old = run_module("acm_certificate", **options).result["certificate"]["arn"]
    listen(old)
    fewer = options | {"subject_alternative_names": []}
    new = four_steps("acm_certificate", **fewer).result["certificate"]["arn"]
    assert sorted(arns(acm)) == sorted([old, new])
    elbv2 = boto3.client("elbv2", "eu-west-1")
    [balancer] = elbv2.describe_load_balancers()["LoadBalancers"]
    elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    assert four_steps("acm_certificate", **fewer).writes == ["DeleteCertificate"]
    assert arns(acm) == [new]


def test_a_certificate_goes_with_its_records(acm: Any, options: dict[str, Any]) -> None:
    run_module("acm_certificate", **options)
    zone = options["hosted_zone_id"]
    four_steps("acm_certificate", name="notejam", hosted_zone_id=zone, state="absent")
    assert (arns(acm), records(zone)) == ([], [])


def test_a_certificate_needs_its_zone() -> None:
    run = run_module("acm_certificate", name="notejam", domain_name="notejam.test")
    assert "hosted_zone_id" in run.result["msg"]
    assert run.operations == []
