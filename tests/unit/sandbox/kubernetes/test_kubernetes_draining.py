"""Draining: pods leave a node as their disruption budgets let them."""

from typing import Any

import kubernetes
import pytest

from sandbox.kubernetes import draining
from sandbox.kubernetes.draining import UNBALANCED, cordon, drain

NODE = "ip-10-0-1-23.eu-west-1.compute.internal"


def pod(name: str, phase: str = "Running", owner: str = "ReplicaSet", **metadata: Any) -> dict[str, Any]:
    owners = [{"kind": owner, "name": "owner"}]
    return {
        "metadata": {"name": name, "namespace": "notejam", "ownerReferences": owners, **metadata},
        "status": {"phase": phase},
    }


class FakeClient:
    """An API server with one node and its pods; `refusals` are the answers to evictions by pod."""

    def __init__(self, pods: list[dict[str, Any]], refusals: dict[str, int]) -> None:
        self.pods = pods
        self.refusals = refusals
        self.evicted: list[str] = []
        self.patches: list[dict[str, Any]] = []

    def get(self, api_version: str, kind: str, name: str) -> dict[str, Any] | None:
        return {"metadata": {"name": name}} if (kind, name) == ("Node", NODE) else None

    def list(self, api_version: str, kind: str, field_selector: str) -> list[dict[str, Any]]:
        return self.pods if (kind, field_selector) == ("Pod", f"spec.nodeName={NODE}") else []

    def patch(self, api_version: str, kind: str, name: str, change: dict[str, Any]) -> None:
        self.patches.append(change)

    def evict(self, name: str, namespace: str) -> None:
        if name in self.refusals:
            raise kubernetes.client.ApiException(status=self.refusals[name])
        self.evicted.append(f"{namespace}/{name}")


@pytest.fixture
def with_pods(monkeypatch: pytest.MonkeyPatch):
    def make(*pods: dict[str, Any], refusals: dict[str, int] | None = None) -> FakeClient:
        client = FakeClient(list(pods), refusals or {})
        monkeypatch.setattr(draining, "Client", lambda _: client)
        return client

    return make


def test_pods_are_evicted_but_for_those_that_belong_to_the_node(with_pods, settings) -> None:
    client = with_pods(
        pod("web"),
        pod("agent", owner="DaemonSet"),
        pod("static", annotations={"kubernetes.io/config.mirror": "x"}),
        pod("job", phase="Succeeded"),
    )
    assert drain(settings, NODE) == ["notejam/web"]
    assert client.evicted == ["notejam/web"]


def test_a_pod_that_is_leaving_is_waited_for_and_not_asked_again(with_pods, settings) -> None:
    client = with_pods(pod("web", deletionTimestamp="2026-01-01T00:00:00Z"))
    assert drain(settings, NODE) == ["notejam/web"]
    assert client.evicted == []


def test_a_budget_keeps_a_pod_and_none_of_the_others(with_pods, settings) -> None:
    client = with_pods(pod("web-0"), pod("web-1"), refusals={"web-0": 429})
    assert drain(settings, NODE) == ["notejam/web-0", "notejam/web-1"]
    assert client.evicted == ["notejam/web-1"]


def test_any_other_refusal_is_raised(with_pods, settings) -> None:
    with_pods(pod("web"), refusals={"web": 403})
    with pytest.raises(kubernetes.client.ApiException):
        drain(settings, NODE)


def test_a_cordoned_node_takes_no_pods_and_no_requests(with_pods, settings) -> None:
    client = with_pods()
    cordon(settings, NODE, True)
    cordon(settings, NODE, False)
    assert client.patches == [
        {"metadata": {"labels": {UNBALANCED: "true"}}, "spec": {"unschedulable": True}},
        {"metadata": {"labels": {UNBALANCED: None}}, "spec": {"unschedulable": False}},
    ]
    cordon(settings, "another", True)
    assert len(client.patches) == 2
