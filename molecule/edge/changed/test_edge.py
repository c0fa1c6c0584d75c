"""The edge after the inventory asks for another name and fewer authorities."""

from __future__ import annotations

import boto3


def test_one_certificate_is_left_and_has_the_new_names() -> None:
    acm = boto3.client("acm")
    [found] = acm.list_certificates()["CertificateSummaryList"]
    certificate = acm.describe_certificate(CertificateArn=found["CertificateArn"])["Certificate"]
    assert certificate["Status"] == "ISSUED"
    assert sorted(certificate["SubjectAlternativeNames"]) == ["notejam.test", "status.notejam.test"]


def test_fewer_may_issue_certificates() -> None:
    route53 = boto3.client("route53")
    [zone] = route53.list_hosted_zones_by_name(DNSName="notejam.test")["HostedZones"]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    [record] = [each for each in records if each["Type"] == "CAA"]
    values = sorted(each["Value"] for each in record["ResourceRecords"])
    assert values == ['0 issue "amazon.com"', '0 issue "amazonaws.com"']


def test_the_new_name_leads_to_the_site_and_the_old_one_nowhere() -> None:
    route53 = boto3.client("route53")
    [zone] = route53.list_hosted_zones_by_name(DNSName="notejam.test")["HostedZones"]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    names = {(each["Name"], each["Type"]) for each in records if "AliasTarget" in each}
    assert names == {
        (name, kind) for name in ("notejam.test.", "status.notejam.test.") for kind in ("A", "AAAA")
    }


def test_the_site_counts_as_not_healthy_sooner() -> None:
    [check] = boto3.client("route53").list_health_checks()["HealthChecks"]
    assert check["HealthCheckConfig"]["FailureThreshold"] == 2
