"""What the AWS Load Balancer Controller makes of Ingresses: a stack of AWS's objects for each group of them.

Names, tags, defaults and the meaning of annotations are the controller's:
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes.haproxy import ANNOTATION, EXACT, PREFIX, Backend, Cluster, backend, is_ours

FINALIZER = "ingress.k8s.aws/resources"
GROUP_FINALIZER = "group.ingress.k8s.aws/"
CLUSTER_TAG, STACK_TAG, RESOURCE_TAG = (
    "elbv2.k8s.aws/cluster",
    "ingress.k8s.aws/stack",
    "ingress.k8s.aws/resource",
)
NOT_FOUND = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"ContentType": "text/plain", "StatusCode": "404"},
}
Key = tuple[str, str]  # namespace and name


class Conflict(Exception):
    """Ingresses of a group that contradict each other, or an annotation that says nothing possible."""


@dataclass(frozen=True)
class TargetGroup:
    """`health` is as CreateTargetGroup takes it; `servers` gives haproxy's name of each target."""

    resource: str
    name: str
    port: int
    health: dict[str, Any]
    attributes: dict[str, str]
    backend: str
    servers: dict[str, str]


@dataclass(frozen=True)
class Rule:
    """`conditions` are as CreateRule takes them; requests go to the target group of the resource."""

    conditions: list[dict[str, Any]]
    target_group: str


@dataclass(frozen=True)
class Listener:
    """`redirect` is the port to redirect to; such a listener has no rules."""

    port: int
    protocol: str
    redirect: str
    rules: list[Rule]


@dataclass(frozen=True)
class Stack:
    """An application load balancer with all that belongs to it, for the Ingresses `members`."""

    identity: str
    name: str
    members: tuple[Key, ...]
    scheme: str
    ip_address_type: str
    security_groups: tuple[str, ...]
    subnets: tuple[str, ...]
    attributes: dict[str, str]
    tags: dict[str, str]
    certificates: tuple[str, ...]
    hosts: tuple[str, ...]
    ssl_policy: str
    web_acl: str | None
    listeners: tuple[Listener, ...]
    target_groups: tuple[TargetGroup, ...]


def identity(ingress: dict[str, Any]) -> str:
    """The group that the Ingress is in; without one it is a group of its own."""
    metadata = ingress["metadata"]
    return annotation(ingress, "group.name") or f"{metadata['namespace']}/{metadata['name']}"


def finalizer(stack: str) -> str:
    return FINALIZER if "/" in stack else f"{GROUP_FINALIZER}{stack}"


def annotation(ingress: dict[str, Any], name: str) -> str | None:
    value = (ingress["metadata"].get("annotations") or {}).get(f"{ANNOTATION}{name}")
    return None if value is None else str(value)


def wanted(cluster: Cluster) -> dict[str, list[dict[str, Any]]]:
    """The Ingresses that are to be served, by group, in the order that the controller gives them."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for ingress in cluster.ingresses.values():
        if is_ours(ingress) and not ingress["metadata"].get("deletionTimestamp"):
            groups.setdefault(identity(ingress), []).append(ingress)
    for members in groups.values():
        members.sort(key=lambda each: (int(annotation(each, "group.order") or 0), "/".join(_key(each))))
    return groups


def stack(cluster_name: str, group: str, members: list[dict[str, Any]], cluster: Cluster) -> Stack:
    """What AWS is to have for the group. Raises Conflict."""
    scheme = _one(members, "scheme") or "internal"
    tags = _pairs(_one(members, "tags"))
    ports = _listen_ports(members)
    redirect = _one(members, "ssl-redirect") or ""
    groups: dict[str, TargetGroup] = {}
    rules = [rule for each in members for rule in _rules(cluster_name, group, each, cluster, groups)]
    return Stack(
        identity=group,
        name=_balancer_name(cluster_name, group, scheme),
        members=tuple(_key(each) for each in members),
        scheme=scheme,
        ip_address_type=_one(members, "ip-address-type") or "ipv4",
        security_groups=_words(_one(members, "security-groups")),
        subnets=_words(_one(members, "subnets")),
        attributes=_pairs(_one(members, "load-balancer-attributes")),
        tags=tags,
        certificates=tuple(
            dict.fromkeys(arn for each in members for arn in _words(annotation(each, "certificate-arn")))
        ),
        hosts=tuple(dict.fromkeys(host for each in members for host in _hosts(each))),
        ssl_policy=_one(members, "ssl-policy") or "ELBSecurityPolicy-2016-08",
        web_acl=_one(members, "wafv2-acl-arn"),
        listeners=tuple(
            Listener(port, protocol, redirect, [])
            if redirect and protocol == "HTTP"
            else Listener(port, protocol, "", rules)
            for port, protocol in sorted(ports.items())
        ),
        target_groups=tuple(groups.values()),
    )


def _key(ingress: dict[str, Any]) -> Key:
    return ingress["metadata"]["namespace"], ingress["metadata"]["name"]


def _one(members: list[dict[str, Any]], name: str) -> str | None:
    """The annotation's one value among the group's members."""
    values = {value for each in members if (value := annotation(each, name)) is not None}
    if len(values) > 1:
        raise Conflict(f"conflicting {name}: {', '.join(sorted(values))}")
    return values.pop() if values else None


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def _pairs(text: str | None) -> dict[str, str]:
    pairs = {}
    for word in _words(text):
        key, separator, value = word.partition("=")
        if not separator:
            raise Conflict(f"{word!r} is no pair of a key and a value: key=value")
        pairs[key.strip()] = value.strip()
    return pairs


def _listen_ports(members: list[dict[str, Any]]) -> dict[int, str]:
    """The protocol of each port: by the annotation, else HTTPS for who has a certificate, else HTTP."""
    ports: dict[int, str] = {}
    for each in members:
        default = '[{"HTTPS": 443}]' if annotation(each, "certificate-arn") else '[{"HTTP": 80}]'
        try:
            entries = json.loads(annotation(each, "listen-ports") or default)
            for protocol, port in (item for entry in entries for item in entry.items()):
                if ports.setdefault(int(port), protocol) != protocol or protocol not in ("HTTP", "HTTPS"):
                    raise Conflict(f"conflicting protocol of port {port}: {protocol}")
        except (ValueError, AttributeError, TypeError) as error:
            raise Conflict(f"listen-ports cannot be read: {error}") from None
    return ports


def _hosts(ingress: dict[str, Any]) -> list[str]:
    spec = ingress["spec"]
    tls = [host for entry in spec.get("tls") or [] for host in entry.get("hosts") or []]
    return tls + [rule["host"] for rule in spec.get("rules") or [] if rule.get("host")]


def _digest(*parts: str) -> str:
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:10]


def _plain(text: str, length: int) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text)[:length]


def _balancer_name(cluster_name: str, group: str, scheme: str) -> str:
    digest = _digest(cluster_name, group, scheme)
    namespace, separator, name = group.partition("/")
    if separator:
        return f"k8s-{_plain(namespace, 8)}-{_plain(name, 8)}-{digest}"
    return f"k8s-{_plain(group, 17)}-{digest}"


def _rules(
    cluster_name: str,
    group: str,
    ingress: dict[str, Any],
    cluster: Cluster,
    groups: dict[str, TargetGroup],
) -> list[Rule]:
    """The Ingress's rules in their order; the target groups that they name are added to `groups`."""
    found = []
    for rule in ingress["spec"].get("rules") or []:
        paths = (rule.get("http") or {}).get("paths", [])
        for path in sorted(paths, key=_rank):
            target = _target_group(cluster_name, group, ingress, path["backend"].get("service"), cluster)
            if target is None:
                continue
            groups.setdefault(target.resource, target)
            found.append(Rule(_conditions(rule.get("host"), path), target.resource))
    return found


def _rank(path: dict[str, Any]) -> tuple[int, int]:
    """Exact paths come first, then prefixes, the longer before the shorter."""
    if path["pathType"] == PREFIX:
        return 1, -len(path.get("path") or "/")
    return (0 if path["pathType"] == EXACT else 2), 0


def _conditions(host: str | None, path: dict[str, Any]) -> list[dict[str, Any]]:
    text = path.get("path") or "/"
    patterns = [text]
    if path["pathType"] == PREFIX:
        whole = text.rstrip("/")
        patterns = [whole, f"{whole}/*"] if whole else ["/*"]
    conditions: list[dict[str, Any]] = []
    if host:
        conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": [host]}})
    conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": patterns}})
    return conditions


def _target_group(
    cluster_name: str, group: str, ingress: dict[str, Any], service: dict[str, Any] | None, cluster: Cluster
) -> TargetGroup | None:
    namespace, name = _key(ingress)
    annotations = ingress["metadata"].get("annotations") or {}
    found: Backend | None = backend(cluster, namespace, service, annotations)
    if found is None or service is None:
        return None
    wanted_port = str(service["port"].get("name") or service["port"]["number"])
    kept = cluster.services[namespace, service["name"]]
    declared = next(port for port in kept["spec"]["ports"] if port["port"] == found.port)
    # A port that each pod names for itself is told for each target; 1 stands for it.
    target_port = declared.get("targetPort", found.port)
    port = target_port if isinstance(target_port, int) else 1
    digest = _digest(
        cluster_name,
        group,
        namespace,
        name,
        kept["metadata"].get("uid", ""),
        wanted_port,
        str(port),
        "ip",
        "HTTP",
        "HTTP1",
    )
    health = {
        "HealthCheckPath": found.health_path,
        "HealthCheckIntervalSeconds": found.health_interval,
        "HealthCheckTimeoutSeconds": int(annotation(ingress, "healthcheck-timeout-seconds") or 5),
        "HealthyThresholdCount": int(annotation(ingress, "healthy-threshold-count") or 2),
        "UnhealthyThresholdCount": int(annotation(ingress, "unhealthy-threshold-count") or 2),
        "Matcher": {"HttpCode": annotation(ingress, "success-codes") or "200"},
    }
    return TargetGroup(
        resource=f"{namespace}/{name}-{service['name']}:{wanted_port}",
        name=f"k8s-{_plain(namespace, 8)}-{_plain(service['name'], 8)}-{digest}",
        port=port,
        health=health,
        attributes=_pairs(annotation(ingress, "target-group-attributes")),
        backend=found.name,
        servers=dict(zip(found.targets, found.servers, strict=True)),
    )
