"""The load balancer's configuration: haproxy's, from Ingresses and the endpoints behind them.

Its behaviour is that of an ALB with targets by address, as far as haproxy has it:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/introduction.html
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

ANNOTATION = "alb.ingress.kubernetes.io/"
EXACT, PREFIX = "Exact", "Prefix"
IDLE_TIMEOUT = 60  # seconds, an ALB's default
GLOBAL = """\
global
    log stdout format raw local0 notice
    hard-stop-after 35s
    maxconn 2000
{socket}

defaults
    mode http
    log global
    option forwardfor
    option redispatch
    option dontlognull
    # A reload must not close a connection on which the client is about to send.
    option idle-close-on-response
    retries 2
    timeout connect 5s
    timeout client {idle}s
    timeout server {idle}s
    timeout http-keep-alive {idle}s

backend none
    http-request return status 404 content-type text/plain string "No rule of the load balancer matches.\\n"
"""


@dataclass(frozen=True)
class Backend:
    """A target group: the addresses ("10.100.0.7:8000") of a Service's port, and how health is asked.

    `targets` are the pods'; `servers`, in the same order, are where each is really served.
    """

    name: str
    servers: tuple[str, ...]
    targets: tuple[str, ...] = ()
    port: int = 80
    health_path: str = "/"
    health_interval: int = 15  # seconds


@dataclass(frozen=True)
class Rule:
    """Requests for `host` ("" for any) with `path` go to `backend`."""

    host: str
    path: str
    path_type: str
    backend: Backend


@dataclass(frozen=True)
class Front:
    """Where haproxy listens.

    `forwarded` are addresses ("127.0.0.1:8080") for who comes without TLS and the load balancer's name;
    `http` and `https` stand for the load balancer's own listeners. `certificate` is the PEM file for `names`.
    """

    forwarded: tuple[str, ...]
    http: str = ""
    https: str = ""
    certificate: str = ""
    names: tuple[str, ...] = ()
    socket: str = ""


@dataclass
class Cluster:
    """The objects that matter, by kind and by (namespace, name), as the API gives them (dicts)."""

    ingresses: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    services: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    endpoint_slices: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    # Where an address is really served, for pods that are processes of this machine.
    served_at: dict[str, str] = field(default_factory=dict)


def is_ours(ingress: dict[str, Any]) -> bool:
    return bool(ingress["spec"].get("ingressClassName") == "alb")


def rules(cluster: Cluster) -> list[Rule]:
    """All rules, the most particular first, as the AWS Load Balancer Controller orders a listener's rules."""
    found = []
    for (namespace, _), ingress in sorted(cluster.ingresses.items()):
        if not is_ours(ingress):
            continue
        annotations = ingress["metadata"].get("annotations") or {}
        spec = ingress["spec"]
        declared = [*spec.get("rules", [])]
        if default := spec.get("defaultBackend"):
            paths = [{"path": "/", "pathType": PREFIX, "backend": default}]
            declared.append({"http": {"paths": paths}})
        for rule in declared:
            for path in (rule.get("http") or {}).get("paths", []):
                target = backend(cluster, namespace, path["backend"].get("service"), annotations)
                if target:
                    found.append(
                        Rule(rule.get("host", ""), path.get("path") or "/", path["pathType"], target)
                    )
    return sorted(found, key=lambda rule: (not rule.host, rule.path_type != EXACT, -len(rule.path)))


def backend(
    cluster: Cluster, namespace: str, service: dict[str, Any] | None, annotations: dict[str, str]
) -> Backend | None:
    """The target group of an Ingress backend; None when it names no Service, or one that is not there."""
    if service is None:
        return None
    found = cluster.services.get((namespace, service["name"]))
    wanted = service["port"]
    ports = found["spec"].get("ports", []) if found else []
    port = next(
        (port for port in ports if wanted in ({"name": port.get("name")}, {"number": port["port"]})), None
    )
    if port is None:
        return None
    targets = endpoints(cluster, namespace, service["name"], port.get("name") or "")
    return Backend(
        name=f"{namespace}_{service['name']}_{port['port']}",
        servers=tuple(cluster.served_at.get(each, each) for each in targets),
        targets=tuple(targets),
        port=port["port"],
        health_path=annotations.get(f"{ANNOTATION}healthcheck-path", "/"),
        health_interval=int(annotations.get(f"{ANNOTATION}healthcheck-interval-seconds", "15")),
    )


def endpoints(cluster: Cluster, namespace: str, service: str, port_name: str) -> list[str]:
    """Addresses with port of the Service's endpoints that are ready and do not go away."""
    found = set()
    for (slice_namespace, _), endpoint_slice in cluster.endpoint_slices.items():
        labels = endpoint_slice["metadata"].get("labels") or {}
        if slice_namespace != namespace or labels.get("kubernetes.io/service-name") != service:
            continue
        ports = [port for port in endpoint_slice.get("ports") or [] if (port.get("name") or "") == port_name]
        for endpoint in endpoint_slice.get("endpoints") or []:
            conditions = endpoint.get("conditions") or {}
            if conditions.get("ready", True) and not conditions.get("terminating"):
                found |= {f"{address}:{port['port']}" for address in endpoint["addresses"] for port in ports}
    return sorted(found)


def redirects(cluster: Cluster) -> bool:
    """Whether an Ingress has plain HTTP redirected."""
    return any(
        f"{ANNOTATION}ssl-redirect" in (each["metadata"].get("annotations") or {})
        for each in cluster.ingresses.values()
        if is_ours(each)
    )


def render(cluster: Cluster, front: Front) -> str:
    """haproxy's whole configuration for the cluster."""
    found = rules(cluster)
    tells = f"    stats socket {front.socket} mode 600 level user" if front.socket else ""
    lines = [GLOBAL.format(idle=IDLE_TIMEOUT, socket=tells)]
    has_tls = bool(front.names and front.https)
    redirected = front.http if has_tls and redirects(cluster) else ""
    plain = [*front.forwarded, *([front.http] if front.http and not redirected else [])]
    lines += frontend("http", [f"    bind {bind}" for bind in plain], "http", found)
    if has_tls:
        options = f"ssl crt {front.certificate} alpn h2,http/1.1 ssl-min-ver TLSv1.2"
        # The names are here so that haproxy is told of another certificate by another configuration.
        binds = [f"    # for {', '.join(front.names)}", f"    bind {front.https} {options}"]
        lines += frontend("https", binds, "https", found)
    if redirected:
        lines += [
            "frontend redirected",
            f"    bind {redirected}",
            "    http-request redirect code 301 location https://%[req.hdr(host),field(1,:)]:443%[capture.req.uri]",
            "",
        ]
    for target in {rule.backend.name: rule.backend for rule in found}.values():
        lines += [
            f"backend {target.name}",
            "    balance roundrobin",
            "    option httpchk",
            f"    http-check send meth GET uri {quoted(target.health_path)} ver HTTP/1.1 hdr Host localhost",
            f"    default-server check inter {target.health_interval}s fastinter 1s fall 2 rise 1",
        ]
        lines += [f"    server {server} {server}" for server in target.servers]
        lines.append("")
    return "\n".join(lines)


def frontend(name: str, binds: list[str], scheme: str, found: list[Rule]) -> list[str]:
    """A listener that has each request answered by the first rule that matches."""
    return [
        f"frontend {name}",
        *binds,
        f"    http-request set-header X-Forwarded-Proto {scheme}",
        "    http-request set-header X-Forwarded-Port %[dst_port]",
        *(f"    use_backend {rule.backend.name} if {condition(rule)}" for rule in found),
        "    default_backend none",
        "",
    ]


def condition(rule: Rule) -> str:
    parts = []
    host = rule.host.lower()
    if host.startswith("*."):
        parts.append(f"{{ req.hdr(host),field(1,:),lower -m end -- {quoted(host[1:])} }}")
    elif host:
        parts.append(f"{{ req.hdr(host),field(1,:),lower -m str -- {quoted(host)} }}")
    if rule.path_type == EXACT:
        parts.append(f"{{ path -m str -- {quoted(rule.path)} }}")
    elif rule.path_type == PREFIX:
        # By whole elements: /notes matches /notes and /notes/1, not /notes-of-others.
        pattern = f"^{re.escape(rule.path.rstrip('/'))}(/|$)"
        parts.append(f"{{ path -m reg -- {quoted(pattern)} }}")
    else:
        pattern = re.escape(rule.path).replace(r"\*", ".*").replace(r"\?", ".")
        parts.append(f"{{ path -m reg -- {quoted(f'^{pattern}$')} }}")
    return " ".join(parts)


def quoted(value: str) -> str:
    """`value` as one word of haproxy's configuration; ValueError for what cannot stand in it."""
    if "'" in value or "\n" in value:
        raise ValueError(f"A path or host of an Ingress has a quote or line break in it: {json.dumps(value)}")
    return f"'{value}'"
