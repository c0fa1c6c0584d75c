# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Checks an inventory's variables against what the roles declare, before a role starts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ansible._internal._datatag._tags import Origin
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible_collections.notejam.platform.plugins.plugin_utils.contradictions import (
    CONTRADICTIONS,
    Contradiction,
)
from ansible_collections.notejam.platform.plugins.plugin_utils.rules import rule_for

PLATFORM = "platform_"
# A name this close to a declared one is taken for its misspelling, whatever its prefix.
CLOSE = 0.85
# Known only once the site is discovered; the role's own start checks what depends on it.
LATER = "'site' is undefined"

Template = Callable[[Any, Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Role:
    """What a role declares."""

    name: str
    defaults: Mapping[str, Any]
    internal: Mapping[str, Any]
    options: Mapping[str, Mapping[str, Any]]

    @classmethod
    def load(cls, folder: Path, loader: DataLoader) -> Role:
        """Read a role's folder; raises AnsibleError for YAML that cannot be parsed."""

        def read(*path: str) -> dict[str, Any]:
            file = folder.joinpath(*path)
            if not file.exists():
                return {}
            return loader.load_from_file(str(file), trusted_as_template=True) or {}

        entry_points = read("meta", "argument_specs.yml").get("argument_specs", {}).values()
        return cls(
            name=folder.name,
            defaults=read("defaults", "main.yml"),
            internal=read("vars", "main.yml"),
            options={
                name: option for entry in entry_points for name, option in entry.get("options", {}).items()
            },
        )


def set_where(value: Any, name: str = "") -> str:
    """Where a value was written, as `file:line`; empty when Ansible does not know."""
    origin = Origin.get_tag(value) or Origin.get_tag(name)
    if origin is None or not origin.path:
        return origin.description or "" if origin else ""
    path = os.path.relpath(origin.path)
    return f"{path}:{origin.line_num}" if origin.line_num else path


def strangers(variables: Mapping[str, Any], roles: Iterable[Role]) -> list[str]:
    """Variables that look like a role's or the platform's, but that nothing declares or uses."""
    roles = list(roles)
    known = {name for role in roles for name in (*role.options, *role.defaults, *role.internal)}
    known |= {used for role in roles for used in re.findall(r"\bplatform_\w+", repr(role.defaults))}
    prefixes = (PLATFORM, *(f"{role.name}_" for role in roles))
    failures = []
    for name in sorted(variables.keys() - known):
        if name.startswith(("ansible_", "_")):
            continue
        close = get_close_matches(name, known, n=1, cutoff=0.6 if name.startswith(prefixes) else CLOSE)
        if close or name.startswith(prefixes):
            hint = (
                f"Did you mean {close[0]}?"
                if close
                else "Remove it, or declare it in the role that needs it."
            )
            failures.append(f"{name}{_at(variables[name], name)} is a variable of no role. {hint}")
    return failures


def malformed(variables: Mapping[str, Any], roles: Iterable[Role], template: Template) -> dict[str, str]:
    """What is wrong with variables that are missing, of the wrong type, not among the choices, or impossible.

    What cannot be worked out because of a variable that is already told has an empty text.
    """
    failures: dict[str, str] = {}
    keys = _keys(variables)
    for role in sorted(roles, key=lambda role: not any(name.startswith(PLATFORM) for name in role.options)):
        values = {**role.defaults, **role.internal, **variables}
        for name, option in role.options.items():
            blamed = [told for told in failures if re.search(rf"\b{told}\b", repr(values.get(name, "")))]
            failure = "" if blamed else _check(keys.get(name, name), option, values, template)
            if blamed or failure:
                failures.setdefault(name, failure)
    return failures


def contradictory(
    variables: Mapping[str, Any], roles: Iterable[Role], template: Template, told: Iterable[str]
) -> list[str]:
    """Contradictions among variables that are possible by themselves; `told` are those that are not."""
    roles = list(roles)
    values: dict[str, Any] = {}
    options: dict[str, Mapping[str, Any]] = {}
    for role in roles:
        values |= {**role.defaults, **role.internal}
        options |= role.options
    keys = _keys(values) | _keys(variables)
    values |= variables
    failures = []
    for contradiction in CONTRADICTIONS:
        known = all(name in values and name in options for name in contradiction.names)
        if not known or set(told) & set(contradiction.names):
            continue
        try:
            found = [
                _typed(name, options[name], template(values[name], values)) for name in contradiction.names
            ]
        except AnsibleError:
            continue
        if problem := contradiction.problem(*found):
            failures.append(_contradiction(contradiction, found, problem, values, keys))
    return failures


def _contradiction(
    contradiction: Contradiction,
    found: list[Any],
    problem: str,
    values: Mapping[str, Any],
    keys: Mapping[str, str],
) -> str:
    listed = " and ".join(
        f"{name}{_at(values[name], keys.get(name, name))} is {value!r}"
        for name, value in zip(contradiction.names, found, strict=True)
    )
    source = f" See {contradiction.source}." if contradiction.source else ""
    return f"{listed}: {problem}{source}"


def _keys(variables: Mapping[str, Any]) -> dict[str, str]:
    """The names as they were written, which know where even when the value, such as `true`, does not."""
    return {name: name for name in variables}


def _typed(name: str, option: Mapping[str, Any], value: Any) -> Any:
    specification = {key: entry for key, entry in option.items() if key not in ("default", "required")}
    return ArgumentSpecValidator({name: specification}).validate({name: value}).validated_parameters[name]


def _check(name: str, option: Mapping[str, Any], values: Mapping[str, Any], template: Template) -> str:
    if name not in values:
        return (
            f"{name} is missing: {_sentence(option)} Set it in the inventory."
            if option.get("required")
            else ""
        )
    raw = values[name]
    at = _at(raw, name)
    try:
        value = template(raw, values)
    except AnsibleError as error:
        if LATER in str(error):
            return ""
        if missing := re.search(r"'(\w+)' is undefined", str(error)):
            return f"{missing[1]} is missing, and {name}{at} needs it. Set it in the inventory."
        return f"{name}{at} cannot be worked out: {error}"
    specification = {key: entry for key, entry in option.items() if key not in ("default", "required")}
    result = ArgumentSpecValidator({name: specification}).validate({name: value})
    if result.error_messages:
        return f"{name}{at}: {result.error_messages[0].rstrip('.')}."
    typed = result.validated_parameters[name]
    rule = rule_for(name)
    problem = rule.problem(typed) if rule and typed is not None else None
    return f"{name}{at} is {typed!r}, {problem}" if problem else ""


def _at(value: Any, name: str) -> str:
    where = set_where(value, name)
    return f" ({where})" if where else ""


def _sentence(option: Mapping[str, Any]) -> str:
    description = option.get("description", "")
    text = " ".join(description) if isinstance(description, list) else str(description)
    return text.split(". ", maxsplit=1)[0].rstrip(".") + "."
