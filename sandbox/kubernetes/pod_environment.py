"""A container's environment, as kubelet makes it of literals, ConfigMaps, Secrets and the pod's own fields.

https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
"""

import base64
import re
from collections.abc import Callable
from typing import Any

# Reads an object's data: (kind, namespace, name) → decoded texts, or None when there is no such object.
Reader = Callable[[str, str, str], dict[str, str] | None]
REFERENCE = re.compile(r"\$(?:(\$)|\(([A-Za-z_][A-Za-z0-9_.-]*)\))")


class MissingReference(LookupError):
    """A ConfigMap, Secret or key that the container needs is not there (yet); says which."""


def environment(container: dict[str, Any], pod: dict[str, Any], read: Reader) -> dict[str, str]:
    """The container's variables; raises MissingReference for what it refers to and is not there."""
    namespace = pod["metadata"]["namespace"]
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        for kind, reference in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            if reference in source:
                data = referred(source[reference], kind, namespace, read)
                found |= {source.get("prefix", "") + key: value for key, value in data.items()}
    for variable in container.get("env", []):
        value = variable.get("value", "")
        if origin := variable.get("valueFrom"):
            value = value_from(origin, pod, read)
            if value is None:
                continue
        else:
            value = expanded(value, found)
        found[variable["name"]] = value
    return found


def value_from(origin: dict[str, Any], pod: dict[str, Any], read: Reader) -> str | None:
    """The value of `valueFrom`; None for an optional key that is not there."""
    if "fieldRef" in origin:
        return field(pod, origin["fieldRef"]["fieldPath"])
    for kind, reference in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
        if reference in origin:
            wanted = origin[reference]
            data = referred(wanted, kind, pod["metadata"]["namespace"], read)
            if wanted["key"] in data:
                return data[wanted["key"]]
            if not wanted.get("optional"):
                raise MissingReference(f"{kind} {wanted['name']} has no key {wanted['key']}")
            return None
    return ""


def referred(reference: dict[str, Any], kind: str, namespace: str, read: Reader) -> dict[str, str]:
    data = read(kind, namespace, reference["name"])
    if data is None and not reference.get("optional"):
        raise MissingReference(f"{kind} {namespace}/{reference['name']} is not there")
    return data or {}


def field(pod: dict[str, Any], path: str) -> str:
    """The pod's field, e.g. "metadata.name", "metadata.labels['app']", "status.podIP"; "" without a value."""
    keyed = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if keyed:
        return str((pod["metadata"].get(keyed.group(1)) or {}).get(keyed.group(2), ""))
    value: Any = pod
    for word in path.split("."):
        value = value.get(word, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, str) else ""


def expanded(value: str, known: dict[str, str]) -> str:
    """`$(NAME)` replaced by a variable declared before; others stay, and `$$` is a `$`."""

    def replacement(match: re.Match[str]) -> str:
        return "$" if match.group(1) else known.get(match.group(2), match.group(0))

    return REFERENCE.sub(replacement, value)


def decoded(item: dict[str, Any]) -> dict[str, str]:
    """The texts of a ConfigMap's or Secret's data."""
    data = item.get("data") or {}
    if item["kind"] == "Secret":
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
    return dict(data)
