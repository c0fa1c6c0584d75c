"""The load balancer's rules: which requests go where, and that haproxy understands them."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.kubernetes import tls
from sandbox.kubernetes.haproxy import Backend, Cluster, Front, Rule, condition, endpoints, render, rules
from sandbox.kubernetes.pki import Pki
from sandbox.settings import Settings

FRONT = Front(("127.0.0.1:8000",))
READY = {"ready": True, "serving": True, "terminating": False}


def ingress(*rules: dict[str, Any], class_name: str = "alb", **annotations: str) -> dict[str, Any]:
    named = {
        f"alb.ingress.kubernetes.io/{key.replace('_', '-')}": value for key, value in annotations.items()
    }
    metadata = {"namespace": "notejam", "name": "notejam", "annotations": named}
    return {"metadata": metadata, "spec": {"ingressClassName": class_name, "rules": list(rules)}}


def rule(
    path: str = "/", kind: str = "Prefix", host: str = "", port: dict[str, Any] | None = None
) -> dict[str, Any]:
    backend = {"service": {"name": "notejam", "port": port or {"name": "http"}}}
    found: dict[str, Any] = {"http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}}
    return found | ({"host": host} if host else {})


def cluster_of(*ingresses: dict[str, Any], endpoints: list[dict[str, Any]] | None = None) -> Cluster:
    service = {
        "metadata": {"namespace": "notejam", "name": "notejam"},
        "spec": {"ports": [{"name": "http", "port": 80}, {"name": "metrics", "port": 9100}]},
    }
    endpoint_slice = {
        "metadata": {
            "namespace": "notejam",
            "name": "notejam-x",
            "labels": {"kubernetes.io/service-name": "notejam"},
        },
        "ports": [{"name": "http", "port": 8000}, {"name": "metrics", "port": 9100}],
        "endpoints": endpoints or [{"addresses": ["10.105.0.7"], "conditions": READY}],
    }
    return Cluster(
        ingresses={("notejam", str(number)): each for number, each in enumerate(ingresses)},
        services={("notejam", "notejam"): service},
        endpoint_slices={("notejam", "notejam-x"): endpoint_slice},
    )


def test_only_ready_endpoints_that_stay_get_requests() -> None:
    cluster = cluster_of(
        endpoints=[
            {"addresses": ["10.105.0.7"], "conditions": READY},
            {"addresses": ["10.105.0.8"], "conditions": READY | {"ready": False}},
            {"addresses": ["10.105.0.9"], "conditions": READY | {"terminating": True}},
            {"addresses": ["10.105.0.6"]},  # conditions that are not said count as ready
        ]
    )
    assert endpoints(cluster, "notejam", "notejam", "http") == ["10.105.0.6:8000", "10.105.0.7:8000"]


def test_a_rule_without_host_answers_any_and_comes_last() -> None:
    cluster = cluster_of(ingress(rule(), rule("/", host="notes.example")))
    assert [each.host for each in rules(cluster)] == ["notes.example", ""]
    assert "hdr" not in condition(rules(cluster)[1])


def test_the_more_particular_path_comes_first() -> None:
    cluster = cluster_of(ingress(rule("/"), rule("/notes"), rule("/notes", "Exact")))
    assert [(each.path_type, each.path) for each in rules(cluster)] == [
        ("Exact", "/notes"),
        ("Prefix", "/notes"),
        ("Prefix", "/"),
    ]


def test_other_classes_and_missing_services_are_no_rules() -> None:
    other = ingress(rule(), class_name="nginx")
    assert rules(cluster_of(other)) == []
    no_port = ingress(rule(port={"number": 81}))
    assert rules(cluster_of(no_port)) == []


def test_a_port_may_be_named_or_numbered() -> None:
    for port in ({"name": "http"}, {"number": 80}):
        [found] = rules(cluster_of(ingress(rule(port=port))))
        assert found.backend.servers == ("10.105.0.7:8000",)


def test_health_is_asked_as_annotated() -> None:
    text = render(
        cluster_of(ingress(rule(), healthcheck_path="/healthz/ready", healthcheck_interval_seconds="10")),
        FRONT,
    )
    assert "uri '/healthz/ready'" in text
    assert "check inter 10s" in text


def test_an_address_served_elsewhere_is_asked_there() -> None:
    cluster = cluster_of(ingress(rule()))
    cluster.served_at = {"10.105.0.7:8000": "127.0.0.1:41000"}
    [found] = rules(cluster)
    assert found.backend.servers == ("127.0.0.1:41000",)


def test_a_quote_in_a_path_is_refused() -> None:
    with pytest.raises(ValueError, match="quote"):
        render(cluster_of(ingress(rule("/it's"))), FRONT)


@pytest.mark.parametrize(
    ("kind", "path", "fitting", "other"),
    [
        ("Prefix", "/notes", ["/notes", "/notes/1"], ["/notes-of-others", "/"]),
        ("Prefix", "/", ["/", "/anything"], []),
        ("Exact", "/notes", ["/notes"], ["/notes/", "/notes/1"]),
        ("ImplementationSpecific", "/a*", ["/abc", "/a"], ["/b"]),
    ],
)
def test_paths_match_by_their_type(kind: str, path: str, fitting: list[str], other: list[str]) -> None:
    import re

    text = condition(Rule("", path, kind, Backend("b", ())))
    wanted = text.split("-- '", 1)[1].rsplit("'", 1)[0]
    matches = (lambda p: p == wanted) if "-m str" in text else (lambda p: bool(re.search(wanted, p)))
    assert all(map(matches, fitting))
    assert not any(map(matches, other))


@pytest.mark.parametrize("ingresses", [[], [ingress(rule(), rule("/a b", "Exact", "*.notes.example"))]])
def test_haproxy_accepts_what_is_rendered(tmp_path: Path, ingresses: list[dict[str, Any]]) -> None:
    haproxy = shutil.which("haproxy")
    assert haproxy, "haproxy is a package of the sandbox: run `make up`, which installs it"
    path = tmp_path / "haproxy.cfg"
    path.write_text(render(cluster_of(*ingresses), FRONT))
    checked = subprocess.run([haproxy, "-c", "-f", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.fixture
def tls_front(settings: Settings) -> Front:
    (settings.folder / "load-balancer").mkdir()
    Pki(settings).ensure_authority("ca", "kubernetes")
    assert tls.ensure(settings, ["notejam.test", "grafana.notejam.test"])
    assert not tls.ensure(settings, ["grafana.notejam.test", "notejam.test"])
    return Front(
        ("127.0.0.1:8000",), "127.0.0.1:8001", "127.0.0.1:8002", str(tls.pem(settings)), tls.names(settings)
    )


def test_tls_is_served_for_the_certificates_names_and_http_redirected_to_it(tls_front: Front) -> None:
    text = render(cluster_of(ingress(rule(), ssl_redirect="443")), tls_front)
    parts = ("http\n", "https", "redirected")
    http, https, redirected = (text[text.index(f"frontend {part}") :] for part in parts)
    assert "bind 127.0.0.1:8001" not in http[: http.index("frontend https")]
    assert "bind 127.0.0.1:8002 ssl crt" in https
    assert "X-Forwarded-Proto https" in https
    assert "bind 127.0.0.1:8001" in redirected
    plain = render(cluster_of(ingress(rule())), tls_front)
    assert "bind 127.0.0.1:8001" in plain
    assert "frontend redirected" not in plain


def test_haproxy_accepts_tls(tls_front: Front, tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_text(render(cluster_of(ingress(rule(), ssl_redirect="443")), tls_front))
    checked = subprocess.run(["haproxy", "-c", "-f", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_without_a_certificate_nothing_is_redirected() -> None:
    front = Front(("127.0.0.1:8000",), "127.0.0.1:8001", "127.0.0.1:8002")
    assert "frontend redirected" not in render(cluster_of(ingress(rule(), ssl_redirect="443")), front)
