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
