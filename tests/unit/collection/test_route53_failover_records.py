"""The module route53_failover_records: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("strict_account")

MODULE = "route53_failover_records"
NAMES = ("notejam.test", "grafana.notejam.test")
SITES = {"prod_eu_west_1": "eu-west-1", "prod_eu_central_1": "eu-central-1"}
ZONES = {"eu-west-1": "Z32O12XQLNTSW2", "eu-central-1": "Z215JYRZR1TBD5"}


@pytest.fixture
def zone() -> str:
    made = boto3.client("route53").create_hosted_zone(Name="notejam.test", CallerReference="a")
    return str(made["HostedZone"]["Id"].split("/")[-1])


@pytest.fixture
def targets() -> dict[str, str]:
    return {site: load_balancer(region) for site, region in SITES.items()}


def load_balancer(region: str) -> str:
    ec2 = boto3.client("ec2", region)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{region}{zone}")
        for n, zone in enumerate("ab")
    ]
    made = boto3.client("elbv2", region).create_load_balancer(
        Name="alb", Scheme="internal", Subnets=[each["Subnet"]["SubnetId"] for each in subnets]
    )
    return str(made["LoadBalancers"][0]["DNSName"])


def options(zone: str, targets: dict[str, str], primary: str = "prod_eu_west_1") -> dict[str, Any]:
    [secondary] = SITES.keys() - {primary}
    return {
        "hosted_zone_id": zone,
        "names": list(NAMES),
        "primary": primary,
        "secondary": secondary,
        "targets": [
            {"site": site, "dns_name": name, "hosted_zone_id": ZONES[SITES[site]]}
            for site, name in targets.items()
        ],
    }


def found(zone: str) -> dict[tuple[str, str, str], tuple[str, str]]:
    sets = boto3.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {
        (each["Name"], each["Type"], each["SetIdentifier"]): (
            each["Failover"],
            each["AliasTarget"]["DNSName"],
        )
        for each in sets
        if "SetIdentifier" in each
    }


def by_key(sets: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    own = [each for each in sets if "SetIdentifier" in each]
    return {(each["Name"], each["Type"], each["SetIdentifier"]): each for each in own}


def test_each_name_leads_to_the_primary_site_or_else_to_the_other(zone: str, targets: Any) -> None:
    run = four_steps(MODULE, **options(zone, targets))
    assert run.writes == ["ChangeResourceRecordSets"]
    assert len(found(zone)) == 8
    assert found(zone)["notejam.test.", "A", "prod_eu_west_1"] == (
        "PRIMARY",
        f"{targets['prod_eu_west_1']}.",
    )
    assert found(zone)["grafana.notejam.test.", "AAAA", "prod_eu_central_1"][0] == "SECONDARY"


def test_the_sites_swap_in_one_batch(zone: str, targets: Any) -> None:
    run_module(MODULE, **options(zone, targets))
    run = four_steps(MODULE, **options(zone, targets, primary="prod_eu_central_1"))
    assert run.writes == ["ChangeResourceRecordSets"]
    roles = {key[2]: value[0] for key, value in found(zone).items()}
    assert roles == {"prod_eu_west_1": "SECONDARY", "prod_eu_central_1": "PRIMARY"}


def test_a_lost_site_keeps_its_records_in_its_new_role(zone: str, targets: Any) -> None:
    run_module(MODULE, **options(zone, targets))
    lost = {site: name for site, name in targets.items() if site != "prod_eu_west_1"}
    four_steps(MODULE, **options(zone, lost, primary="prod_eu_central_1"))
    assert found(zone)["notejam.test.", "A", "prod_eu_west_1"] == (
        "SECONDARY",
        f"{targets['prod_eu_west_1']}.",
    )


def test_a_site_that_was_never_there_has_no_records(zone: str, targets: Any) -> None:
    only = {"prod_eu_west_1": targets["prod_eu_west_1"]}
    four_steps(MODULE, **options(zone, only))
    assert {key[2] for key in found(zone)} == {"prod_eu_west_1"}


def test_what_was_changed_by_hand_is_mended_and_what_is_others_stays(zone: str, targets: Any) -> None:
    run_module(MODULE, **options(zone, targets))
    route53 = boto3.client("route53")
    sets = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    first, second = [each for each in sets if each["Type"] == "A" and each["Name"] == "notejam.test."]
    others = {
        "Name": "other.notejam.test",
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }
    unhealthy = {**second, "AliasTarget": {**second["AliasTarget"], "EvaluateTargetHealth": False}}
    batch = [
        {"Action": "DELETE", "ResourceRecordSet": first},
        {"Action": "UPSERT", "ResourceRecordSet": unhealthy},
        {"Action": "CREATE", "ResourceRecordSet": others},
    ]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})
    assert four_steps(MODULE, **options(zone, targets)).writes == ["ChangeResourceRecordSets"]
    after = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert by_key(after) == by_key(sets)
    assert any(each["Name"] == "other.notejam.test." for each in after)


def test_a_name_that_is_declared_no_more_goes(zone: str, targets: Any) -> None:
    given = options(zone, targets)
    run_module(MODULE, **given)
    four_steps(MODULE, **given | {"names": ["notejam.test"]})
    assert {key[0] for key in found(zone)} == {"notejam.test."}


def test_a_name_of_any_kind_is_known_again(zone: str, targets: Any) -> None:
    four_steps(MODULE, **options(zone, targets) | {"names": ["*.Notejam.test"], "types": ["A"]})
    assert len(found(zone)) == 2


def test_a_site_takes_its_records_with_it(zone: str, targets: Any) -> None:
    run_module(MODULE, **options(zone, targets))
    four_steps(MODULE, hosted_zone_id=zone, primary="prod_eu_west_1", state="absent")
    assert {key[2] for key in found(zone)} == {"prod_eu_central_1"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secondary": "prod_eu_west_1"}, "cannot be the primary and the secondary site"),
        ({"secondary": None}, "prod_eu_central_1 is of neither"),
    ],
)
def test_sites_that_contradict_each_other_fail_before_any_call(
    zone: str, targets: Any, change: dict[str, Any], message: str
) -> None:
    given = {key: value for key, value in (options(zone, targets) | change).items() if value is not None}
    run = run_module(MODULE, **given)
    assert message in run.result["msg"]
    assert run.operations == []


def test_a_load_balancer_that_is_not_there_is_refused_whole(zone: str, targets: Any) -> None:
    gone = {**targets, "prod_eu_central_1": "gone-1234567890.eu-central-1.elb.amazonaws.com"}
    assert "InvalidChangeBatch" in run_module(MODULE, **options(zone, gone)).result["msg"]
    assert found(zone) == {}
