"""What a person in the console might do to the edge."""

from __future__ import annotations

from typing import Any

import boto3


def main() -> None:
    route53 = boto3.client("route53")
    [zone] = route53.list_hosted_zones_by_name(DNSName="notejam.test")["HostedZones"]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    [caa] = [each for each in records if each["Type"] == "CAA"]
    validation = next(each for each in records if each["Type"] == "CNAME")
    route53.change_resource_record_sets(
        HostedZoneId=zone["Id"],
        ChangeBatch={
            "Changes": [{"Action": "DELETE", "ResourceRecordSet": each} for each in (caa, validation)]
        },
    )
    lead_astray(route53, zone["Id"], records)


def lead_astray(route53: Any, zone: str, records: list[dict[str, Any]]) -> None:
    """Forget a name, answer for the other without looking at the targets, and ask for another path."""
    [forgotten] = [each for each in records if each["Name"].startswith("grafana.") and each["Type"] == "A"]
    [blind] = [each for each in records if each["Name"] == "notejam.test." and each["Type"] == "AAAA"]
    blind["AliasTarget"]["EvaluateTargetHealth"] = False
    changes = [
        {"Action": "DELETE", "ResourceRecordSet": forgotten},
        {"Action": "UPSERT", "ResourceRecordSet": blind},
    ]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    [check] = route53.list_health_checks()["HealthChecks"]
    route53.update_health_check(HealthCheckId=check["Id"], ResourcePath="/")


if __name__ == "__main__":
    main()
