"""The module eks_upgrade_readiness_info: what it lets pass, and what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .fake_eks_upgrade import UpgradableEks
from .fake_kubernetes import FakeKubernetes
from .modules import Run, run_module

OLD = {"coredns": "v1.12.4-eksbuild.1", "kube-proxy": "v1.34.1-eksbuild.2", "vpc-cni": "v1.20.4-eksbuild.2"}
NEW = {"kube-proxy": "v1.35.0-eksbuild.2", "vpc-cni": "v1.21.1-eksbuild.1"}
STEPS = [
    "control plane: Kubernetes 1.34 -> 1.35",
    "add-on vpc-cni: v1.20.4-eksbuild.2 -> v1.21.1-eksbuild.1",
    "add-on kube-proxy: v1.34.1-eksbuild.2 -> v1.35.0-eksbuild.2",
    "node group system: Kubernetes 1.34 -> 1.35, by new nodes for all 3, 1 at a time",
]
BUDGETS = "/apis/policy/v1/poddisruptionbudgets"


@pytest.fixture(autouse=True)
def eks(monkeypatch: pytest.MonkeyPatch) -> UpgradableEks:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    fake = UpgradableEks()
    fake.built("1.34", {name: OLD[name] for name in NEW})
    fake.install(monkeypatch)
    return fake


@pytest.fixture(autouse=True)
def cluster(kubernetes: FakeKubernetes) -> FakeKubernetes:
    """A cluster of two ready nodes, with a PodDisruptionBudget that allows a disruption."""
    kubernetes.kinds["/api/v1"].append(("Node", "nodes", False))
    kubernetes.kinds["/apis/policy/v1"] = [("PodDisruptionBudget", "poddisruptionbudgets", True)]
    kubernetes.put("/api/v1/nodes", {"items": [node("n1"), node("n2")]})
    kubernetes.put(BUDGETS, {"items": [budget()]})
    measure(kubernetes, 'group="",removed_release="",resource="endpoints",subresource="",version="v1"')
    return kubernetes


def node(name: str, ready: str = "True", kubelet: str = "v1.34.3-eks-a1b2c3d") -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "message": "kubelet stopped posting node status"}]
    return {
        "metadata": {"name": name},
        "status": {"conditions": conditions, "nodeInfo": {"kubeletVersion": kubelet}},
    }


def budget(healthy: int = 2, needed: int = 1, pods: int = 2) -> dict[str, Any]:
    status = {
        "expectedPods": pods,
        "desiredHealthy": needed,
        "currentHealthy": healthy,
        "disruptionsAllowed": max(0, healthy - needed),
    }
    return {"metadata": {"namespace": "notejam", "name": "notejam"}, "status": status}


def measure(kubernetes: FakeKubernetes, labels: str) -> None:
    kubernetes.objects["/metrics"] = {
        "text": "# TYPE apiserver_requested_deprecated_apis gauge\n"
        f"apiserver_requested_deprecated_apis{{{labels}}} 1\n"
        "apiserver_storage_objects 3\n"
    }


@pytest.fixture
def look(kubernetes: FakeKubernetes) -> Any:
    def look(**options: Any) -> Run:
        given = {
            "cluster_name": "notejam-test",
            "version": "1.35",
            "addon_versions": NEW,
            "kubeconfig": str(kubernetes.kubeconfig),
            "settle_timeout": 0,
            **options,
        }
        run = run_module("eks_upgrade_readiness_info", **given)
        assert run.writes == []
        assert "failed" not in run.result, run.result["msg"]
        return run

    return look


def only(run: Run, check: str) -> str:
    """The message of the one finding there is."""
    assert [each["check"] for each in run.result["findings"]] == [check], run.result["findings"]
    return str(run.result["findings"][0]["message"])


def test_a_cluster_that_is_well_is_ready_and_the_steps_are_in_order(look: Any) -> None:
    result = look().result
    assert result["findings"] == []
    assert result["steps"] == STEPS
    assert result["addons"] == ["vpc-cni", "kube-proxy"]
    assert result["nodegroups"] == ["system"]
    assert result["default_addon_versions"] == NEW


def test_nothing_is_left_when_all_is_there(eks: UpgradableEks, look: Any) -> None:
    eks.built("1.35", NEW)
    result = look().result
    assert (result["findings"], result["steps"], result["version"]) == ([], [], "1.35")


@pytest.mark.parametrize(
    ("key", "parameter", "value", "left"),
    [
        ("notejam-test", "Version", {"version": "1.35"}, STEPS),
        ("notejam-test/vpc-cni", "AddonVersion", {"addonVersion": NEW["vpc-cni"]}, STEPS[1:]),
        ("notejam-test/system", "Version", {"version": "1.35"}, STEPS[3:]),
    ],
)
def test_our_own_upgrade_under_way_is_nothing_wrong(
    eks: UpgradableEks,
    cluster: FakeKubernetes,
    look: Any,
    key: str,
    parameter: str,
    value: dict[str, str],
    left: list[str],
) -> None:
    """A run that was killed goes on; while EKS drains nodes, pods and nodes are on their way."""
    if left != STEPS:
        eks.resources["notejam-test"]["version"] = "1.35"
    if left == STEPS[3:]:
        for name in NEW:
            eks.resources[f"notejam-test/{name}"]["addonVersion"] = NEW[name]
        cluster.put("/api/v1/nodes", {"items": [node("n1"), node("n3", "Unknown")]})
        cluster.put(BUDGETS, {"items": [budget(healthy=1)]})
    eks._begin(key, "AddonUpdate" if parameter == "AddonVersion" else "VersionUpdate", parameter, value)
    result = look().result
    assert result["findings"] == []
    assert result["steps"] == left


@pytest.mark.parametrize("key", ["notejam-test", "notejam-test/system", "notejam-test/vpc-cni"])
def test_somebody_elses_update_is_found(eks: UpgradableEks, look: Any, key: str) -> None:
    eks._begin(key, "ConfigUpdate", "MaxSize", {"size": "9"})
    message = only(look(), "under_way")
    assert "ConfigUpdate update-1 (MaxSize 9)" in message
    assert "let it end, then run again" in message


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1.36", "EKS goes up by one minor version at a time. Set the version to 1.35"),
        ("1.33", "a cluster never goes back. Set the version to 1.34 again, or to 1.35"),
    ],
)
def test_a_version_that_cannot_be_next_is_found(look: Any, version: str, message: str) -> None:
    run = look(version=version, addon_versions={})
    found = {each["check"]: each["message"] for each in run.result["findings"]}
    assert message in found["version"]


def test_an_addon_version_that_is_not_offered_is_found_with_the_default(look: Any) -> None:
    message = only(look(addon_versions={**NEW, "kube-proxy": "v1.36.0-eksbuild.1"}), "addons")
    assert message == (
        "EKS does not offer add-on kube-proxy v1.36.0-eksbuild.1 for Kubernetes 1.35: it offers "
        "v1.35.0-eksbuild.2, v1.34.1-eksbuild.2. Set its version to v1.35.0-eksbuild.2, which is EKS's "
        "default for it."
    )


def test_an_addon_that_nobody_declares_and_the_target_lacks_is_found(eks: UpgradableEks, look: Any) -> None:
    eks.built("1.34", {**{name: OLD[name] for name in NEW}, "coredns": OLD["coredns"]})
    message = only(look(), "addons")
    assert message.startswith(
        "It is installed and not in cluster_addon_versions. EKS offers no add-on coredns"
    )


def test_the_network_addon_goes_up_by_one_minor_version(eks: UpgradableEks, look: Any) -> None:
    eks.resources["notejam-test/vpc-cni"]["addonVersion"] = "v1.19.6-eksbuild.1"
    assert "it goes up by one minor version at a time" in only(look(), "addons")


def test_node_groups_that_lag_behind_are_found(eks: UpgradableEks, look: Any) -> None:
    eks.resources["notejam-test/system"]["version"] = "1.33"
    message = only(look(), "skew")
    assert "Node group system runs Kubernetes 1.33 and its control plane 1.34" in message
    assert message.endswith("Upgrade to 1.34 first.")


def test_a_kube_proxy_that_would_lag_too_far_is_found(eks: UpgradableEks, look: Any) -> None:
    eks.resources["notejam-test/kube-proxy"]["addonVersion"] = "v1.31.3-eksbuild.2"
    assert "Add-on kube-proxy is v1.31.3-eksbuild.2" in only(look(), "skew")


def test_a_kubelet_that_would_lag_too_far_is_found(cluster: FakeKubernetes, look: Any) -> None:
    cluster.put("/api/v1/nodes", {"items": [node("n1"), node("old", kubelet="v1.31.2-eks-1")]})
    message = only(look(), "skew")
    assert "Node old runs kubelet v1.31.2-eks-1" in message
    assert "would be 4 behind 1.35" in message


def test_a_node_group_that_is_not_well_is_found(eks: UpgradableEks, look: Any) -> None:
    issue = {"code": "AsgInstanceLaunchFailures", "message": "no capacity"}
    eks.resources["notejam-test/system"] |= {"status": "DEGRADED", "health": {"issues": [issue]}}
    message = only(look(), "health")
    assert (
        "system of cluster notejam-test is DEGRADED (EKS says: AsgInstanceLaunchFailures: no cap" in message
    )


def test_what_this_run_mends_does_not_stop_it(eks: UpgradableEks, look: Any) -> None:
    """An upgrade of nodes that failed leaves the group unwell: another try is what helps."""
    eks.resources["notejam-test"]["version"] = "1.35"
    issue = {"code": "PodEvictionFailure", "message": "no disruption allowed"}
    eks.resources["notejam-test/system"] |= {"status": "DEGRADED", "health": {"issues": [issue]}}
    assert look().result["findings"] == []


def test_a_node_that_is_not_ready_is_found(cluster: FakeKubernetes, look: Any) -> None:
    cluster.put("/api/v1/nodes", {"items": [node("n1"), node("n2", "Unknown")]})
    message = only(look(), "nodes_ready")
    assert message.startswith("Node n2 is not ready: kubelet stopped posting node status.")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (budget(needed=2), "never will: it wants 2 of its 2 pods healthy"),
        (budget(healthy=1), "1 of its 2 pods are healthy and 1 must be"),
    ],
)
def test_a_budget_that_allows_no_disruption_is_found(
    cluster: FakeKubernetes, look: Any, found: dict[str, Any], message: str
) -> None:
    cluster.put(BUDGETS, {"items": [found]})
    assert message in only(look(), "disruption_budgets")


def test_a_budget_without_pods_holds_nobody_up(cluster: FakeKubernetes, look: Any) -> None:
    cluster.put(BUDGETS, {"items": [budget(healthy=0, needed=1, pods=0)]})
    assert look().result["findings"] == []


def test_what_passes_by_itself_is_waited_for(
    cluster: FakeKubernetes, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.put(BUDGETS, {"items": [budget(healthy=1)]})

    def pod_started(_seconds: float) -> None:
        cluster.put(BUDGETS, {"items": [budget()]})

    monkeypatch.setattr("time.sleep", pod_started)
    assert look(settle_timeout=60).result["findings"] == []


def test_a_removed_api_that_somebody_asks_for_is_found(cluster: FakeKubernetes, look: Any) -> None:
    labels = 'group="flowcontrol.apiserver.k8s.io",removed_release="1.35",resource="flowschemas",version="v1"'
    measure(cluster, labels)
    assert "asks the API server for flowcontrol.apiserver.k8s.io/v1/flowschemas" in only(
        look(), "removed_apis"
    )
    measure(cluster, labels.replace("1.35", "1.36"))
    assert look().result["findings"] == []


def test_a_manifest_of_a_removed_api_is_found_with_its_line(look: Any, tmp_path: Path) -> None:
    manifests = tmp_path / "gitops"
    manifests.mkdir()
    (manifests / "two.yaml").write_text(
        "---\napiVersion: v1\nkind: ConfigMap\n---\nkind: FlowSchema\n"
        "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nmetadata: {name: a}\n"
    )
    message = only(look(manifests=[str(manifests)]), "manifests")
    assert message.startswith(f"{manifests}/two.yaml:6: FlowSchema of flowcontrol.apiserver.k8s.io/v1beta3")
    assert message.endswith("Write it for flowcontrol.apiserver.k8s.io/v1.")


def test_the_projects_own_manifests_are_accepted(look: Any) -> None:
    gitops = Path(__file__).parents[3] / "gitops"
    assert look(manifests=[str(gitops)]).result["findings"] == []


@pytest.mark.parametrize(("status", "stops"), [("ERROR", True), ("WARNING", False), ("PASSING", False)])
def test_what_eks_itself_found_is_told(eks: UpgradableEks, look: Any, status: str, stops: bool) -> None:
    eks.insights["1"] = {
        "id": "1",
        "name": "Deprecated APIs removed in Kubernetes v1.35",
        "kubernetesVersion": "1.35",
        "insightStatus": {"status": status, "reason": "Deprecated API usage detected within last 30 days"},
        "recommendation": "Update manifests and API clients.",
        "categorySpecificSummary": {
            "deprecationDetails": [
                {
                    "usage": "/apis/example.io/v1beta1/things",
                    "replacedWith": "/apis/example.io/v1/things",
                    "clientStats": [{"userAgent": "old-controller"}],
                }
            ]
        },
    }
    run = look()
    told = (
        f'EKS finds in "Deprecated APIs removed in Kubernetes v1.35" ({status}): Deprecated API usage '
        "detected within last 30 days. In use: /apis/example.io/v1beta1/things -> /apis/example.io/v1/things "
        "(by old-controller). Update manifests and API clients."
    )
    again = " EKS looks again once a day, and at once on `aws eks start-insights-refresh`."
    assert [each["message"] for each in run.result["findings"]] == [told + again] * stops
    assert (told in str(run.result.get("warnings"))) == (status == "WARNING")


def test_too_few_addresses_for_the_control_plane_are_found(
    eks: UpgradableEks, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(SubnetIds: list[str]) -> dict[str, Any]:
        return {"Subnets": [{"SubnetId": each, "AvailableIpAddressCount": 1} for each in SubnetIds]}

    monkeypatch.setattr(eks, "DescribeSubnets", full)
    assert "have 2 free addresses, and EKS may need 5" in only(look(), "addresses")


def test_everything_wrong_is_told_at_once(eks: UpgradableEks, cluster: FakeKubernetes, look: Any) -> None:
    eks.resources["notejam-test/system"]["version"] = "1.33"
    cluster.put("/api/v1/nodes", {"items": [node("n1", "False")]})
    cluster.put(BUDGETS, {"items": [budget(needed=2)]})
    run = look(version="1.36", addon_versions={})
    checks = {each["check"] for each in run.result["findings"]}
    assert checks == {"version", "skew", "addons", "nodes_ready", "disruption_budgets"}


def test_a_cluster_that_is_not_there_is_told(eks: UpgradableEks, kubernetes: FakeKubernetes) -> None:
    eks.resources.clear()
    run = run_module(
        "eks_upgrade_readiness_info",
        cluster_name="notejam-test",
        version="1.35",
        kubeconfig=str(kubernetes.kubeconfig),
    )
    assert "There is no cluster notejam-test to upgrade: site.yml makes it" in run.result["msg"]
