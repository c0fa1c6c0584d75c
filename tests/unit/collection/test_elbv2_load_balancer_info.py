"""The module elbv2_load_balancer_info finds one load balancer by its tags."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import run_module

pytestmark = pytest.mark.usefixtures("account")

TAGS = {"elbv2.k8s.aws/cluster": "test", "ingress.k8s.aws/stack": "notejam/notejam"}


@pytest.fixture
def make() -> Any:
    ec2 = boto3.client("ec2", "eu-west-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")
        for n, zone in enumerate("ab")
    ]

    def load_balancer(name: str, **tags: str) -> dict[str, Any]:
        given = [{"Key": key, "Value": value} for key, value in (TAGS | tags).items()]
        made: dict[str, Any] = boto3.client("elbv2", "eu-west-1").create_load_balancer(
            Name=name,
            Scheme="internal",
            Subnets=[each["Subnet"]["SubnetId"] for each in subnets],
            Tags=given,
        )["LoadBalancers"][0]
        return made

    return load_balancer


def find(**options: Any) -> dict[str, Any]:
    return run_module("elbv2_load_balancer_info", tags=TAGS, wait_timeout=1, **options).result


def test_it_is_found_among_others_by_all_its_tags(make: Any) -> None:
    for number in range(21):
        make(f"other-{number}", **{"ingress.k8s.aws/stack": "monitoring/grafana"})
    made = make("notejam")
    assert find()["load_balancer"]["arn"] == made["LoadBalancerArn"]
    assert find()["load_balancer"]["dns_name"] == made["DNSName"]


def test_one_that_does_not_come_is_said_after_its_time() -> None:
    assert "is still absent after 1 s" in find()["msg"]


def test_a_plan_goes_on_without_it() -> None:
    assert set(find(check_mode=True)["load_balancer"].values()) == {"(known after apply)"}


def test_several_are_an_error_that_names_them(make: Any) -> None:
    make("first")
    make("second")
    assert "Several load balancers" in find()["msg"]
    assert "first, second" in find()["msg"]
