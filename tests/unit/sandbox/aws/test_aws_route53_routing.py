"""Route 53: aliases of load balancers, failover between two of them, and the health checks that decide."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from sandbox.aws.http import Request
from tests.unit.sandbox.aws.test_aws_elbv2 import create, listen, network, target_group

Records = dict[tuple[str, str, str | None], dict[str, Any]]
ZONE_OF_IRELAND = "Z32O12XQLNTSW2"


@pytest.fixture
def route53(client: Any) -> Any:
    return client("route53")


@pytest.fixture
def zone(route53: Any) -> str:
    made = route53.create_hosted_zone(Name="notejam.test", CallerReference="a")
    return str(made["HostedZone"]["Id"])


@pytest.fixture
def targets(client: Any) -> list[dict[str, Any]]:
    _, subnets = network(client("ec2"))
    balancers = [create(client("elbv2"), Name=name, Subnets=subnets) for name in ("first", "second")]
    return [
        {"HostedZoneId": ZONE_OF_IRELAND, "DNSName": each["DNSName"], "EvaluateTargetHealth": True}
        for each in balancers
    ]


@pytest.fixture
def change(route53: Any, zone: str) -> Callable[..., Records]:
    """Makes changes in one batch, given as action and record set; gives the zone's A and AAAA records."""

    def make(*changes: tuple[str, dict[str, Any]]) -> Records:
        batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})
        told = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return {
            (each["Name"], each["Type"], each.get("SetIdentifier")): each
            for each in told
            if each["Type"] in ("A", "AAAA")
        }

    return make


def record(site: str, role: str, target: dict[str, Any], kind: str = "A", **more: Any) -> dict[str, Any]:
    own = {"SetIdentifier": site, "Failover": role, "AliasTarget": target}
    return {"Name": "notejam.test", "Type": kind, **own, **more}


def refused(code: str, call: Callable[..., Any], *changes: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(*changes)
    assert error.value.response["Error"]["Code"] == code


def test_an_alias_names_a_load_balancer_that_is_there_in_its_own_zone(change: Any, targets: Any) -> None:
    elsewhere = {**targets[0], "HostedZoneId": "Z215JYRZR1TBD5"}
    missing = {**targets[0], "DNSName": "other-1234567890.eu-west-1.elb.amazonaws.com"}
    nobodys = {**targets[0], "HostedZoneId": "Z2P70J7EXAMPLE"}
    for target in (elsewhere, missing, nobodys):
        refused("InvalidChangeBatch", change, ("CREATE", record("a", "PRIMARY", target)))
    shown = {**targets[0], "DNSName": f"dualstack.{targets[0]['DNSName'].upper()}"}
    [found] = change(("CREATE", record("a", "PRIMARY", shown))).values()
    assert found["AliasTarget"]["DNSName"] == f"dualstack.{targets[0]['DNSName']}."


def test_a_name_has_one_primary_and_one_secondary(change: Any, targets: Any) -> None:
    first, second = targets
    change(("CREATE", record("a", "PRIMARY", first)))
    refused("InvalidChangeBatch", change, ("CREATE", record("b", "PRIMARY", second)))
    change(("CREATE", record("b", "SECONDARY", second)))
    refused("InvalidChangeBatch", change, ("UPSERT", record("b", "PRIMARY", second)))
    found = change(("UPSERT", record("a", "SECONDARY", first)), ("UPSERT", record("b", "PRIMARY", second)))
    assert {key[2]: each["Failover"] for key, each in found.items()} == {"a": "SECONDARY", "b": "PRIMARY"}


def test_a_batch_with_one_wrong_change_changes_nothing(change: Any, targets: Any) -> None:
    first, second = targets
    change(("CREATE", record("a", "PRIMARY", first)))
    wrong = record("c", "PRIMARY", second, kind="AAAA", HealthCheckId="missing")
    refused("NoSuchHealthCheck", change, ("DELETE", record("a", "PRIMARY", first)), ("CREATE", wrong))
    assert len(change(("UPSERT", record("a", "PRIMARY", first)))) == 1


def test_failover_is_told_apart_by_identifiers(change: Any, targets: Any) -> None:
    unnamed = record("a", "PRIMARY", targets[0])
    del unnamed["SetIdentifier"]
    refused("InvalidInput", change, ("CREATE", unnamed))
    simple = {"Name": "notejam.test", "Type": "A", "AliasTarget": targets[0]}
    refused("InvalidInput", change, ("CREATE", {**simple, "SetIdentifier": "a"}))
    change(("CREATE", simple))
    refused("InvalidChangeBatch", change, ("CREATE", record("a", "PRIMARY", targets[0])))


def test_a_deletion_is_of_the_one_record_set_that_it_names(change: Any, targets: Any) -> None:
    both = [record("a", "PRIMARY", targets[0], kind=kind) for kind in ("A", "AAAA")]
    change(*(("CREATE", each) for each in both))
    assert list(change(("DELETE", both[0]))) == [("notejam.test.", "AAAA", "a")]


def test_a_site_is_as_healthy_as_its_load_balancer(client: Any, cloud: Cloud, route53: Any) -> None:
    elbv2 = client("elbv2")
    vpc, subnets = network(client("ec2"))
    balancer = create(elbv2, Name="site", Subnets=subnets)
    name = balancer["DNSName"]
    made = route53.create_health_check(
        CallerReference="a",
        HealthCheckConfig={"Type": "HTTP", "FullyQualifiedDomainName": name, "Port": 80},
    )["HealthCheck"]

    def status() -> str:
        [seen] = route53.get_health_check_status(HealthCheckId=made["Id"])["HealthCheckObservations"]
        return str(seen["StatusReport"]["Status"])

    assert "could not establish a connection" in status()
    group = target_group(elbv2, vpc)
    listen(elbv2, balancer["LoadBalancerArn"], group)
    assert status().startswith("Failure: HTTP Status Code 503")
    told = json.dumps({group: {"10.0.0.5:8000": "healthy"}}).encode()
    cloud.gateway.serve_internal(Request("POST", "/_sandbox/elbv2/target-health", body=told))
    assert status().startswith("Success")
    elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    assert "NXDOMAIN" in status()


def test_a_primary_of_addresses_needs_a_health_check(change: Any, route53: Any) -> None:
    addresses = {"TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    primary = {"Name": "notejam.test", "Type": "A", "SetIdentifier": "a", "Failover": "PRIMARY", **addresses}
    refused("InvalidInput", change, ("CREATE", primary))
    made = route53.create_health_check(
        CallerReference="a",
        HealthCheckConfig={"Type": "HTTPS", "FullyQualifiedDomainName": "notejam.test"},
    )["HealthCheck"]
    assert (made["HealthCheckConfig"]["Port"], made["HealthCheckConfig"]["EnableSNI"]) == (443, True)
    change(("CREATE", {**primary, "HealthCheckId": made["Id"]}))
    updated = route53.update_health_check(HealthCheckId=made["Id"], FailureThreshold=2)["HealthCheck"]
    assert updated["HealthCheckVersion"] == 2
