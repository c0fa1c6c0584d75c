"""What Ingresses ask of AWS, by the rules of the AWS Load Balancer Controller."""

from typing import Any

import pytest

from sandbox.kubernetes.haproxy import Cluster
from sandbox.kubernetes.ingress_stacks import Conflict, Stack, finalizer, stack, wanted
from tests.unit.sandbox.kubernetes.test_kubernetes_haproxy import cluster_of, ingress, rule


def named(name: str, *rules: dict[str, Any], **annotations: str) -> dict[str, Any]:
    made = ingress(*rules, **annotations)
    made["metadata"]["name"] = name
    return made


def grouped(*ingresses: dict[str, Any]) -> tuple[Cluster, dict[str, list[dict[str, Any]]]]:
    cluster = cluster_of(*ingresses)
    # The annotation's name has a dot, which no keyword has.
    for each in cluster.ingresses.values():
        own = each["metadata"]["annotations"]
        for name in ("name", "order"):
            if (value := own.pop(f"alb.ingress.kubernetes.io/group-{name}", None)) is not None:
                own[f"alb.ingress.kubernetes.io/group.{name}"] = value
    return cluster, wanted(cluster)


def made_of(*ingresses: dict[str, Any]) -> Stack:
    cluster, groups = grouped(*ingresses)
    [(group, members)] = groups.items()
    return stack("notejam-test", group, members, cluster)


def test_an_ingress_is_a_group_of_its_own_with_the_controllers_names() -> None:
    made = made_of(ingress(rule(), scheme="internet-facing"))
    assert made.identity == "notejam/notejam"
    # sha256("notejam-test" "notejam/notejam" "internet-facing")
    assert made.name == "k8s-notejam-notejam-e28063bffc"
    assert finalizer(made.identity) == "ingress.k8s.aws/resources"
    [group] = made.target_groups
    assert group.resource == "notejam/notejam-notejam:http"
    assert group.servers == {"10.105.0.7:8000": "10.105.0.7:8000"}


def test_ingresses_of_a_group_share_a_load_balancer_in_their_order() -> None:
    made = made_of(
        named("grafana", rule(host="grafana.notejam.test"), group_name="site", group_order="2"),
        named("notejam", rule(host="notejam.test"), group_name="site", group_order="1"),
    )
    assert (made.identity, finalizer(made.identity)) == ("site", "group.ingress.k8s.aws/site")
    assert made.name.startswith("k8s-site-")
    assert made.hosts == ("notejam.test", "grafana.notejam.test")
    [listener] = made.listeners
    assert [each.conditions[0]["HostHeaderConfig"]["Values"] for each in listener.rules] == [
        ["notejam.test"],
        ["grafana.notejam.test"],
    ]


def test_ingresses_that_contradict_each_other_are_none() -> None:
    with pytest.raises(Conflict, match="scheme"):
        made_of(
            named("a", rule(), group_name="site", scheme="internal"),
            named("b", rule(), group_name="site", scheme="internet-facing"),
        )


def test_plain_http_is_redirected_as_asked() -> None:
    ports = '[{"HTTP": 80}, {"HTTPS": 443}]'
    made = made_of(ingress(rule(), listen_ports=ports, ssl_redirect="443", certificate_arn="arn:a,arn:b"))
    assert [(each.port, each.protocol, each.redirect, len(each.rules)) for each in made.listeners] == [
        (80, "HTTP", "443", 0),
        (443, "HTTPS", "", 1),
    ]
    assert made.certificates == ("arn:a", "arn:b")


def test_a_certificate_alone_means_https() -> None:
    [listener] = made_of(ingress(rule(), certificate_arn="arn:a")).listeners
    assert (listener.port, listener.protocol) == (443, "HTTPS")


@pytest.mark.parametrize("ports", ["80", '[{"TCP": 80}]', "[{"])
def test_ports_that_cannot_be_read_are_refused(ports: str) -> None:
    with pytest.raises(Conflict):
        made_of(ingress(rule(), listen_ports=ports))


def test_what_is_annotated_as_pairs_is_taken_as_pairs() -> None:
    made = made_of(
        ingress(
            rule(),
            load_balancer_attributes="deletion_protection.enabled=true,idle_timeout.timeout_seconds=30",
            tags="platform:environment=test, owner=us",
            target_group_attributes="deregistration_delay.timeout_seconds=30",
        )
    )
    assert made.attributes == {
        "deletion_protection.enabled": "true",
        "idle_timeout.timeout_seconds": "30",
    }
    assert made.tags == {"platform:environment": "test", "owner": "us"}
    assert made.target_groups[0].attributes == {"deregistration_delay.timeout_seconds": "30"}
    with pytest.raises(Conflict, match="key=value"):
        made_of(ingress(rule(), tags="owner"))


def test_a_prefix_matches_whole_elements() -> None:
    made = made_of(ingress(rule("/notes"), rule("/"), rule("/exact", "Exact")))
    patterns = [each.conditions[0]["PathPatternConfig"]["Values"] for each in made.listeners[0].rules]
    assert patterns == [["/notes", "/notes/*"], ["/*"], ["/exact"]]


def test_one_that_goes_is_wanted_no_more() -> None:
    going = ingress(rule())
    going["metadata"]["deletionTimestamp"] = "2026-11-25T00:00:00Z"
    assert grouped(going)[1] == {}
