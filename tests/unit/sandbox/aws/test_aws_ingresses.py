"""The stand-in for the AWS Load Balancer Controller against the emulated AWS."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.kubernetes.application_load_balancers import ApplicationLoadBalancers
from sandbox.kubernetes.ingress_stacks import Conflict, Listener, Rule, Stack, TargetGroup
from tests.unit.sandbox.aws.test_aws_elbv2 import issued, network

HEALTH = {
    "HealthCheckPath": "/healthz/ready",
    "HealthCheckIntervalSeconds": 10,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 2,
    "Matcher": {"HttpCode": "200"},
}
WEB = TargetGroup(
    resource="notejam/notejam-notejam:http",
    name="k8s-notejam-notejam-0123456789",
    port=1,
    health=HEALTH,
    attributes={"deregistration_delay.timeout_seconds": "30"},
    backend="notejam_notejam_80",
    servers={"10.0.0.7:8000": "a", "10.105.0.7:8000": "b"},
)
EVERYTHING = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]
RULES = [Rule(EVERYTHING, WEB.resource)]
STACK = Stack(
    identity="notejam/notejam",
    name="k8s-notejam-notejam-aaaaaaaaaa",
    members=(("notejam", "notejam"),),
    scheme="internet-facing",
    ip_address_type="ipv4",
    security_groups=(),
    subnets=(),
    attributes={"idle_timeout.timeout_seconds": "30"},
    tags={"owner": "us"},
    certificates=(),
    hosts=("notejam.test",),
    ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
    web_acl=None,
    listeners=(Listener(80, "HTTP", "", RULES),),
    target_groups=(WEB,),
)
TLS = (Listener(80, "HTTP", "443", []), Listener(443, "HTTPS", "", RULES))


@pytest.fixture
def site(client: Any) -> dict[str, Any]:
    ec2 = client("ec2")
    vpc, subnets = network(ec2)
    ec2.create_tags(Resources=subnets, Tags=[{"Key": "kubernetes.io/role/elb", "Value": "1"}])
    group = ec2.create_security_group(GroupName="alb", Description="d", VpcId=vpc)["GroupId"]
    return {"vpc": vpc, "subnets": subnets, "group": group}


@pytest.fixture
def balancers(client: Any, site: dict[str, Any]) -> ApplicationLoadBalancers:
    return ApplicationLoadBalancers(client, "notejam-test", site["vpc"])


@pytest.fixture
def wanted(site: dict[str, Any]) -> Callable[..., Stack]:
    return lambda **changes: dataclasses.replace(STACK, **{"security_groups": (site["group"],), **changes})


@pytest.fixture
def written(client: Any) -> tuple[Callable[[str], Any], list[str]]:
    """Clients, and what is called with them to change something."""
    names: list[str] = []

    def note(model: Any, **_: Any) -> None:
        if not model.name.startswith(("Describe", "Get", "List")):
            names.append(model.name)

    def make(service: str) -> Any:
        made = client(service)
        made.meta.events.register("before-call", note)
        return made

    return make, names


def test_it_stands_as_the_ingress_asks_and_a_second_look_changes_nothing(
    client: Any, balancers: ApplicationLoadBalancers, site: dict[str, Any], wanted: Any, written: Any
) -> None:
    name, groups = balancers.apply(wanted())
    elbv2 = client("elbv2")
    [balancer] = elbv2.describe_load_balancers()["LoadBalancers"]
    assert balancer["DNSName"] == name
    assert {each["SubnetId"] for each in balancer["AvailabilityZones"]} == set(site["subnets"])
    assert balancer["SecurityGroups"] == [site["group"]]
    [told] = elbv2.describe_tags(ResourceArns=[balancer["LoadBalancerArn"]])["TagDescriptions"]
    assert {each["Key"]: each["Value"] for each in told["Tags"]} == {
        "elbv2.k8s.aws/cluster": "notejam-test",
        "ingress.k8s.aws/stack": "notejam/notejam",
        "ingress.k8s.aws/resource": "LoadBalancer",
        "owner": "us",
    }
    [arn] = groups
    targets = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert {each["Target"]["Id"]: each["Target"]["AvailabilityZone"] for each in targets} == {
        "10.0.0.7": "eu-west-1a",
        "10.105.0.7": "all",
    }
    [listener] = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    rules = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    assert [each["Priority"] for each in rules] == ["1", "default"]

    clients, names = written
    ApplicationLoadBalancers(clients, "notejam-test", site["vpc"]).apply(wanted())
    assert names == []


def test_a_change_of_the_ingress_is_a_change_in_place(
    client: Any, balancers: ApplicationLoadBalancers, wanted: Any, later: Any
) -> None:
    certificate = issued(client, later)
    name, _ = balancers.apply(wanted())
    moved = dataclasses.replace(
        WEB, servers={"10.0.0.8:8000": "c"}, health={**HEALTH, "HealthCheckPath": "/"}
    )
    exact = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/notes"]}}]
    listeners = (TLS[0], Listener(443, "HTTPS", "", [Rule(exact, WEB.resource)]))
    changed, groups = balancers.apply(wanted(listeners=listeners, target_groups=(moved,), tags={}))
    assert changed == name
    elbv2 = client("elbv2")
    [balancer] = elbv2.describe_load_balancers()["LoadBalancers"]
    found = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    first, second = sorted(found, key=lambda each: each["Port"])
    assert first["DefaultActions"][0]["RedirectConfig"]["Port"] == "443"
    assert len(elbv2.describe_rules(ListenerArn=first["ListenerArn"])["Rules"]) == 1
    assert second["Certificates"] == [{"CertificateArn": certificate}]  # found by the host
    [arn] = groups
    targets = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert [each["Target"]["Id"] for each in targets] == ["10.0.0.8"]
    [group] = elbv2.describe_target_groups()["TargetGroups"]
    assert group["HealthCheckPath"] == "/"


def test_a_host_without_certificate_and_subnets_without_tag_are_said(
    client: Any, balancers: ApplicationLoadBalancers, site: dict[str, Any], wanted: Any
) -> None:
    with pytest.raises(Conflict, match=r"no certificate found for host: notejam\.test"):
        balancers.apply(wanted(listeners=TLS))
    with pytest.raises(Conflict, match="internal-elb"):
        balancers.apply(wanted(scheme="internal", name="inside", identity="other"))
    with pytest.raises(Conflict, match="security-groups"):
        balancers.apply(wanted(security_groups=()))


def test_the_web_acl_of_the_annotation_protects_it(
    client: Any, balancers: ApplicationLoadBalancers, wanted: Any
) -> None:
    def web_acl(region: str) -> str:
        made = client("wafv2", region).create_web_acl(
            Name="acl",
            Scope="REGIONAL",
            DefaultAction={"Allow": {}},
            VisibilityConfig={
                "SampledRequestsEnabled": True,
                "CloudWatchMetricsEnabled": True,
                "MetricName": "acl",
            },
        )
        return str(made["Summary"]["ARN"])

    elsewhere, here = web_acl("eu-central-1"), web_acl("eu-west-1")
    with pytest.raises(ClientError, match="WAFNonexistentItemException"):
        balancers.apply(wanted(web_acl=elsewhere))
    balancers.apply(wanted(web_acl=here))
    [balancer] = client("elbv2").describe_load_balancers()["LoadBalancers"]

    def protects() -> Any:
        found = client("wafv2").get_web_acl_for_resource(ResourceArn=balancer["LoadBalancerArn"])
        return found.get("WebACL", {}).get("ARN")

    assert protects() == here
    balancers.apply(wanted())
    assert protects() == here  # an Ingress that does not say leaves it to others
    balancers.apply(wanted(web_acl=""))
    assert protects() is None


def test_what_an_ingress_had_goes_with_it(
    client: Any, balancers: ApplicationLoadBalancers, site: dict[str, Any], wanted: Any
) -> None:
    balancers.apply(wanted())
    other = ApplicationLoadBalancers(client, "another-cluster", site["vpc"])
    other.apply(wanted(name="other", target_groups=(dataclasses.replace(WEB, name="other"),), web_acl=None))
    balancers.remove("notejam/notejam")
    elbv2 = client("elbv2")
    assert [each["LoadBalancerName"] for each in elbv2.describe_load_balancers()["LoadBalancers"]] == [
        "other"
    ]
    assert [each["TargetGroupName"] for each in elbv2.describe_target_groups()["TargetGroups"]] == ["other"]
