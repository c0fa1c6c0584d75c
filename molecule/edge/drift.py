"""What a person in the console might do to the edge."""

from __future__ import annotations

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


if __name__ == "__main__":
    main()
