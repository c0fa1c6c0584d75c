"""The control plane's processes: what they are told, when they start, in which order they stop."""

import json

import pytest
import yaml

from sandbox.errors import SandboxError
from sandbox.kubernetes.control_plane import PROGRAMS, ControlPlane
from sandbox.settings import Settings

AUTHENTICATOR = "http://10.233.5.1:4566/_sandbox/eks/notejam-sandbox/authenticate"


@pytest.fixture
def control_plane(settings: Settings, processes) -> ControlPlane:
    for program in PROGRAMS:
        (settings.tools / program).touch()
    return ControlPlane(settings, processes)


def flags(program) -> dict[str, str]:
    return dict(word.removeprefix("--").split("=", 1) for word in program.command[1:])


def test_nothing_starts_before_every_program_is_built(control_plane, processes, settings) -> None:
    (settings.tools / "kube-scheduler").unlink()
    control_plane.create("1.35", AUTHENTICATOR, "172.20.0.0/16")
    assert processes.running == {}
    assert not control_plane.ready()
    (settings.tools / "kube-scheduler").touch()
    control_plane.create("1.35", AUTHENTICATOR, "172.20.0.0/16")
    assert set(PROGRAMS) <= set(processes.running)


def test_tokens_are_reviewed_by_the_authenticator(control_plane, processes) -> None:
    control_plane.create("1.35", AUTHENTICATOR, "172.20.0.0/16")
    api_server = flags(processes.running["kube-apiserver"])
    with open(api_server["authentication-token-webhook-config-file"]) as file:
        webhook = yaml.safe_load(file)
    assert webhook["clusters"][0]["cluster"] == {"server": AUTHENTICATOR}
    assert webhook["users"][0]["user"] == {}


def test_no_program_listens_beyond_the_sandbox(control_plane, processes) -> None:
    control_plane.create("1.35", AUTHENTICATOR, "172.20.0.0/16")
    for name in PROGRAMS[1:]:
        assert flags(processes.running[name])["bind-address"] == "10.233.5.1"
    etcd = flags(processes.running["etcd"])
    assert etcd["listen-client-urls"] == "https://10.233.5.1:2379"
    assert etcd["client-cert-auth"] == "true"


def test_no_key_stands_in_a_command(control_plane, processes, settings) -> None:
    control_plane.create("1.35", AUTHENTICATOR, "172.20.0.0/16")
    said = json.dumps([program.command for program in processes.running.values()])
    assert "PRIVATE KEY" not in said
    assert settings.secret_access_key not in said


def test_a_second_call_changes_no_process(control_plane, processes) -> None:
    control_plane.create("1.35", AUTHENTICATOR, "172.20.0.0/16")
    before = dict(processes.running)
    control_plane.create("1.35", AUTHENTICATOR, "172.20.0.0/16")
    assert processes.running == before


def test_the_service_network_is_the_clusters(control_plane, processes) -> None:
    assert str(control_plane.service_network) == "172.20.0.0/16"
    control_plane.create("1.35", AUTHENTICATOR, "10.96.0.0/16")
    assert flags(processes.running["kube-apiserver"])["service-cluster-ip-range"] == "10.96.0.0/16"
    assert str(control_plane.service_network) == "10.96.0.0/16"


def test_a_version_that_is_not_here_is_refused_by_name(control_plane, processes) -> None:
    with pytest.raises(SandboxError, match=r"has Kubernetes 1\.35\.4, a cluster of version 1\.36 was asked"):
        control_plane.create("1.36", AUTHENTICATOR, "172.20.0.0/16")
    assert processes.running == {}


def test_an_older_version_has_the_same_programs(control_plane, processes) -> None:
    control_plane.create("1.34", AUTHENTICATOR, "172.20.0.0/16")
    assert set(PROGRAMS) <= set(processes.running)


def test_the_issuer_is_the_sandboxes_own_and_stays(control_plane, settings) -> None:
    issuer = control_plane.oidc_issuer
    assert issuer.startswith("https://oidc.eks.eu-west-1.amazonaws.com/id/")
    assert len(issuer.rsplit("/", 1)[1]) == 32
    other = ControlPlane(Settings(**{**vars(settings), "name": "other"}), control_plane.processes)
    assert other.oidc_issuer != issuer


def test_etcd_stops_last_and_nothing_of_the_cluster_stays(control_plane, processes, settings) -> None:
    control_plane.create("1.35", AUTHENTICATOR, "172.20.0.0/16")
    (settings.folder / "etcd").mkdir()
    control_plane.delete()
    assert processes.running == {}
    assert processes.stopped[-2:] == ["kube-apiserver", "etcd"]
    assert {path.name for path in settings.folder.iterdir()} == {"tools", "logs"}


def test_virtual_nodes_get_no_endpoint_that_kubernetes_refuses(settings, processes) -> None:
    virtual = Settings(**{**vars(settings), "tier": "virtual"})
    for program in PROGRAMS:
        (virtual.tools / program).touch()
    ControlPlane(virtual, processes).create("1.35", AUTHENTICATOR, "172.20.0.0/16")
    api_server = flags(processes.running["kube-apiserver"])
    assert api_server["bind-address"] == "127.233.5.1"
    assert api_server["endpoint-reconciler-type"] == "none"


def test_the_keys_of_its_tokens_are_those_that_the_api_server_publishes(control_plane, monkeypatch) -> None:
    answers = {"/openid/v1/jwks": (200, b'{"keys": [{"kid": "a"}]}')}
    monkeypatch.setattr(control_plane, "_get", lambda path: answers.get(path, (404, b"")))
    assert control_plane.signing_keys() == {"keys": [{"kid": "a"}]}
    answers.clear()
    with pytest.raises(SandboxError, match="answers 404"):
        control_plane.signing_keys()
