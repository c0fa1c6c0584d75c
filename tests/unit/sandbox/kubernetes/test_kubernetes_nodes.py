"""Real nodes: what follows from a node's number, and what its programs are told."""

import json
import tomllib
from ipaddress import IPv4Address, IPv4Network

import pytest
import yaml

from sandbox.errors import SandboxError
from sandbox.kubernetes import containerd, kube_proxy, kubelet, node_start, preload
from sandbox.kubernetes.ecr_credential_provider import answer
from sandbox.kubernetes.node import NODES_AT_MOST, Node, nodes
from sandbox.kubernetes.nodes import Nodes, apply_addons
from sandbox.kubernetes.pki import Pki

SERVICES = IPv4Network("172.20.0.0/16")
ENDPOINT = "https://10.233.5.1:6443"


def test_every_node_has_its_own_place(make_node) -> None:
    first, second = make_node(), make_node(number=1, name="b")
    assert (first.address, second.address) == (IPv4Address("10.233.5.10"), IPv4Address("10.233.5.11"))
    assert (str(first.pod_network), str(second.pod_network)) == ("10.105.0.0/24", "10.105.1.0/24")
    assert (first.namespace, first.cgroup) == ("njs5-n0", "notejam-unit/n0")
    assert first.provider_id == "aws:///eu-west-1a/i-0123456789abcdef0"


def test_no_address_of_a_node_is_a_databases(make_node, settings) -> None:
    assert make_node(number=NODES_AT_MOST - 1).address < IPv4Address(settings.address(32))


def test_an_interface_name_of_the_last_sandbox_fits_the_kernel() -> None:
    assert len(f"njs250-n{NODES_AT_MOST - 1}") <= 15


def test_labels_and_taints_are_those_of_a_managed_node(make_node) -> None:
    node = make_node(taints=[{"key": "dedicated", "value": "x", "effect": "PREFER_NO_SCHEDULE"}])
    assert node.all_labels == {
        "eks.amazonaws.com/nodegroup": "system",
        "node.kubernetes.io/instance-type": "m7i.large",
        "topology.kubernetes.io/region": "eu-west-1",
        "topology.kubernetes.io/zone": "eu-west-1a",
    }
    assert node.kubernetes_taints == [{"key": "dedicated", "value": "x", "effect": "PreferNoSchedule"}]


def test_a_saved_node_is_found_again(make_node, settings) -> None:
    node = make_node()
    node.save()
    assert nodes(settings) == [node]


def test_kubelet_is_the_node_and_leaves_the_machine_alone(make_node, settings) -> None:
    node = make_node()
    node.folder.mkdir(parents=True)
    Pki(settings).ensure_control_plane(SERVICES)
    kubelet.write(node, ENDPOINT, SERVICES)
    configuration = yaml.safe_load((node.folder / "kubelet.yaml").read_text())
    assert configuration["cgroupRoot"] == "/notejam-unit/n0"
    assert configuration["clusterDNS"] == ["172.20.0.10"]
    assert configuration["authentication"]["anonymous"] == {"enabled": False}
    assert configuration["failCgroupV1"] is False
    assert "--hostname-override=ip-10-0-1-23.eu-west-1.compute.internal" in kubelet.program(node).command
    kubeconfig = yaml.safe_load((node.folder / "kubelet.kubeconfig").read_text())
    assert kubeconfig["clusters"][0]["cluster"]["server"] == ENDPOINT
    assert set(kubeconfig["users"][0]["user"]) == {"client-certificate", "client-key"}


def test_the_credential_provider_serves_the_registry_only(make_node, settings) -> None:
    node = make_node()
    node.folder.mkdir(parents=True)
    kubelet.write_credential_provider(node)
    [provider] = yaml.safe_load((node.folder / "credential-provider.yaml").read_text())["providers"]
    assert provider["matchImages"] == ["10.233.5.1:5000"]
    assert (node.folder / "credential-provider" / provider["name"]).stat().st_mode & 0o111
    assert settings.secret_access_key not in json.dumps(provider)


def test_the_credential_provider_answers_with_the_decoded_login() -> None:
    request = {
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "kind": "CredentialProviderRequest",
        "image": "10.233.5.1:5000/notejam:1",
    }
    assert answer(request, "QVdTOmE6Yg==") == {  # "AWS:a:b"
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "kind": "CredentialProviderResponse",
        "cacheKeyType": "Registry",
        "auth": {"10.233.5.1:5000": {"username": "AWS", "password": "a:b"}},
    }


def test_containerd_keeps_to_the_nodes_folder(make_node, monkeypatch) -> None:
    node = make_node()
    monkeypatch.setattr(containerd, "cni_programs", lambda: "/usr/lib/cni")
    containerd.write(node)
    configuration = tomllib.loads((node.folder / "containerd.d" / "config.toml").read_text())
    assert configuration["root"] == str(node.folder / "containerd")
    hosts = node.folder / "containerd.d" / "certs.d" / "10.233.5.1:5000" / "hosts.toml"
    assert tomllib.loads(hosts.read_text())["server"] == "http://10.233.5.1:5000"


def test_without_cni_plugins_the_message_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(containerd, "CNI_PROGRAMS", ())
    with pytest.raises(SandboxError, match="containernetworking-plugins"):
        containerd.cni_programs()


def test_the_network_comes_and_goes_with_its_addon(make_node, settings) -> None:
    from sandbox.kubernetes import addon_state

    node = make_node()
    node.folder.mkdir(parents=True)
    Pki(settings).ensure_control_plane(SERVICES)
    network = node.folder / "cni" / "10-aws.conflist"
    apply_addons(node, ENDPOINT)
    assert not network.exists()
    addon_state.record(settings, "vpc-cni", "v1.21.1-eksbuild.1", None)
    addon_state.record(settings, "kube-proxy", "v1.35.0-eksbuild.2", None)
    apply_addons(node, ENDPOINT)
    [ptp, _] = json.loads(network.read_text())["plugins"]
    assert ptp["ipam"]["ranges"] == [[{"subnet": "10.105.0.0/24"}]]
    assert (node.folder / "supervisor" / "conf.d" / "kube-proxy.conf").exists()
    for name in ("vpc-cni", "kube-proxy"):
        addon_state.forget(settings, name)
    apply_addons(node, ENDPOINT)
    assert not network.exists()
    assert not (node.folder / "supervisor" / "conf.d" / "kube-proxy.conf").exists()


def test_kube_proxy_leaves_the_kernels_connection_table_alone(make_node, settings) -> None:
    node = make_node()
    node.folder.mkdir(parents=True)
    Pki(settings).ensure_control_plane(SERVICES)
    kube_proxy.write(node, ENDPOINT)
    configuration = yaml.safe_load((node.folder / "kube-proxy.yaml").read_text())
    assert configuration["conntrack"]["maxPerCore"] == 0
    assert configuration["healthzBindAddress"] == "10.233.5.10:10256"


def test_a_killed_node_takes_everything_with_it(make_node, monkeypatch) -> None:
    started = []
    for module in (node_start.cgroups, node_start.node_network):
        monkeypatch.setattr(module, "create", lambda _: None)
    monkeypatch.setattr(node_start.cgroups, "remove", lambda _: None)
    monkeypatch.setattr(node_start.os, "execvp", lambda _, command: started.append(command))
    node_start.outside(make_node())
    [command] = started
    assert {"--mount", "--pid", "--kill-child"} <= set(command)
    assert "--net=/run/netns/njs5-n0" in command


def test_kubelet_starts_only_with_the_images_that_there_are(settings, monkeypatch) -> None:
    """Asked for an image that is still being imported, kubelet tries a registry, and then waits long."""
    imported: list[str] = []
    started = []
    monkeypatch.setenv("NOTEJAM_SANDBOX", str(settings.folder))
    settings.save()
    (settings.tools / "coredns").touch()
    monkeypatch.setattr(preload, "preload", lambda _, images: imported.extend(i.program for i in images))
    monkeypatch.setattr(preload.os, "execv", lambda *words: started.append((words, list(imported))))
    monkeypatch.setattr(preload.sys, "argv", ["preload", "/tools/kubelet", "--config=x"])
    preload.main()
    words, before = started[0]
    assert words == ("/tools/kubelet", ["/tools/kubelet", "--config=x"])
    assert before == ["pause", "coredns"]


def test_a_full_sandbox_says_how_many_nodes_it_can_have(make_node, settings, processes) -> None:
    for number in range(NODES_AT_MOST):
        make_node(number=number, name=f"node-{number}").save()
    with pytest.raises(SandboxError, match=f"has {NODES_AT_MOST} nodes"):
        Nodes(settings, processes)._free_number()


def test_deleting_a_node_that_is_not_there_does_nothing(settings, processes) -> None:
    Nodes(settings, processes).delete("nobody")
    assert processes.stopped == []


def test_a_node_is_not_named_before_its_files_are_written(make_node: Node, settings, processes, monkeypatch):
    monkeypatch.setattr(containerd, "missing_program", lambda: None)

    def refuse(_: Node) -> None:
        raise SandboxError("no disk")

    monkeypatch.setattr(containerd, "write", refuse)
    created = Nodes(settings, processes)
    with pytest.raises(SandboxError, match="no disk"):
        created.create("a", {}, [], "eu-west-1a", "m7i.large", "i-0123456789abcdef0")
    assert created.names() == []
