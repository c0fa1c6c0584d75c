"""The edge as Route 53 and ACM tell of it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

DOMAIN = "notejam.test"
NAMES = [DOMAIN, f"grafana.{DOMAIN}"]


@pytest.fixture(scope="module")
def zone() -> dict[str, Any]:
    [found] = boto3.client("route53").list_hosted_zones_by_name(DNSName=DOMAIN)["HostedZones"]
    return dict(found)


@pytest.fixture(scope="module")
def records(zone: dict[str, Any]) -> list[dict[str, Any]]:
    pages = boto3.client("route53").get_paginator("list_resource_record_sets")
    return list(pages.paginate(HostedZoneId=zone["Id"]).build_full_result()["ResourceRecordSets"])


@pytest.fixture(scope="module")
def certificate() -> dict[str, Any]:
    acm = boto3.client("acm")
    [found] = acm.list_certificates()["CertificateSummaryList"]
    return dict(acm.describe_certificate(CertificateArn=found["CertificateArn"])["Certificate"])


def test_the_zone_is_public_and_of_no_single_site(zone: dict[str, Any]) -> None:
    assert zone["Name"] == f"{DOMAIN}."
    assert zone["Config"]["PrivateZone"] is False
    zone_id = zone["Id"].removeprefix("/hostedzone/")
    told = boto3.client("route53").list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id)
    tags = {tag["Key"]: tag["Value"] for tag in told["ResourceTagSet"]["Tags"]}
    assert tags["platform:component"] == "edge"
    assert tags["platform:site"] == "global"


def test_the_certificate_is_issued_for_both_names(certificate: dict[str, Any]) -> None:
    assert certificate["Status"] == "ISSUED"
    assert certificate["DomainName"] == DOMAIN
    assert sorted(certificate["SubjectAlternativeNames"]) == sorted(NAMES)


def test_the_certificate_tells_its_site_and_its_zone(
    certificate: dict[str, Any], zone: dict[str, Any]
) -> None:
    told = boto3.client("acm").list_tags_for_certificate(CertificateArn=certificate["CertificateArn"])
    tags = {tag["Key"]: tag["Value"] for tag in told["Tags"]}
    assert tags["platform:site"] == "sandbox_eu_west_1"
    assert tags["platform:hosted-zone-id"] == zone["Id"].removeprefix("/hostedzone/")


def test_the_zone_has_what_acm_renews_the_certificate_by(
    certificate: dict[str, Any], records: list[dict[str, Any]]
) -> None:
    asked = [each["ResourceRecord"] for each in certificate["DomainValidationOptions"]]
    present = {
        each["Name"]: each["ResourceRecords"][0]["Value"] for each in records if each["Type"] == "CNAME"
    }
    assert len(asked) == len(NAMES)
    assert present == {each["Name"]: each["Value"] for each in asked}


def test_only_acm_may_issue_certificates(records: list[dict[str, Any]]) -> None:
    [record] = [each for each in records if each["Type"] == "CAA"]
    assert record["Name"] == f"{DOMAIN}."
    assert sorted(each["Value"] for each in record["ResourceRecords"]) == [
        '0 issue "amazon.com"',
        '0 issue "amazonaws.com"',
        '0 issue "amazontrust.com"',
        '0 issue "awstrust.com"',
    ]


@pytest.fixture(scope="module")
def balancer() -> dict[str, Any]:
    [found] = boto3.client("elbv2").describe_load_balancers()["LoadBalancers"]
    return dict(found)


@pytest.fixture(scope="module")
def health_check() -> dict[str, Any]:
    [found] = boto3.client("route53").list_health_checks()["HealthChecks"]
    return dict(found)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_a_name_leads_to_the_load_balancer_while_it_is_healthy(
    records: list[dict[str, Any]],
    balancer: dict[str, Any],
    health_check: dict[str, Any],
    name: str,
    kind: str,
) -> None:
    [record] = [each for each in records if (each["Name"], each["Type"]) == (f"{name}.", kind)]
    assert (record["SetIdentifier"], record["Failover"]) == ("sandbox_eu_west_1", "PRIMARY")
    assert record["HealthCheckId"] == health_check["Id"]
    assert record["AliasTarget"] == {
        "HostedZoneId": balancer["CanonicalHostedZoneId"],
        "DNSName": f"{balancer['DNSName']}.",
        "EvaluateTargetHealth": True,
    }


def test_the_sites_health_is_asked_over_https(health_check: dict[str, Any], balancer: dict[str, Any]) -> None:
    configuration = health_check["HealthCheckConfig"]
    asked = {
        "Type": "HTTPS",
        "FullyQualifiedDomainName": balancer["DNSName"],
        "Port": 443,
        "ResourcePath": "/healthz/ready",
        "RequestInterval": 30,
        "FailureThreshold": 3,
    }
    assert {key: configuration[key] for key in asked} == asked
