"""The zone and the certificate after their removal, asked of themselves."""

from __future__ import annotations

import boto3


def test_no_zone_is_left() -> None:
    assert boto3.client("route53").list_hosted_zones()["HostedZones"] == []


def test_no_certificate_is_left() -> None:
    assert boto3.client("acm").list_certificates()["CertificateSummaryList"] == []


def test_nobody_asks_for_the_sites_health() -> None:
    assert boto3.client("route53").list_health_checks()["HealthChecks"] == []
