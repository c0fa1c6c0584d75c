# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a task would do whose inputs are not known before the changes ahead of it are made.

Its result has the shape that the module's RETURN documents, with every leaf unknown. Of a list whose length
only the change will tell, one item is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import PASSWORD_MATCH
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN

Specification = Mapping[str, Mapping[str, Any]]
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
# What Ansible itself adds to a result is no part of what a module returns.
ANSIBLES_OWN = frozenset({"changed", "diff", "failed", "invocation", "msg", "rc", "skipped"})


def shape(returns: Mapping[str, Any] | None) -> dict[str, Any]:
    """A value of the shape that RETURN documents (`contains`, `type`), with unknown leaves."""
    return {key: _shape(entry or {}) for key, entry in (returns or {}).items() if key not in ANSIBLES_OWN}


def _shape(entry: Mapping[str, Any]) -> Any:
    kind, contains = entry.get("type"), entry.get("contains")
    if kind == "list":
        return [shape(contains) if contains else UNKNOWN]
    if contains:
        return shape(contains)
    return UNKNOWN


def completed(result: Any, documented: Any) -> Any:
    """A predicted result with what the module left out of it; what the module said stays."""
    if isinstance(documented, dict) and isinstance(result, dict):
        missing = {key: completed(result.get(key), part) for key, part in documented.items()}
        return {**result, **missing}
    return documented if result is None else result


def declared(
    arguments: Mapping[str, Any], specification: Specification, module: str, before: str
) -> dict[str, Any]:
    """The diff of a task of which only the declaration can be shown; `before` says why."""
    return {
        "before": {},
        "after": shown(arguments, specification),
        "before_header": f"{module} ({before})",
        "after_header": f"{module} (as declared)",
    }


def shown(arguments: Mapping[str, Any], specification: Specification) -> dict[str, Any]:
    """The arguments as Ansible may show them: no_log options hidden, options left out not listed."""
    return {
        name: _shown(value, option, name)
        for name, value in arguments.items()
        if value is not None and (option := _option(name, specification)) is not None
    }


def unsupported(arguments: Mapping[str, Any], specification: Specification) -> list[str]:
    """The arguments that the module has no option for."""
    return sorted(name for name in arguments if _option(name, specification) is None)


def _option(name: str, specification: Specification) -> Mapping[str, Any] | None:
    if name in specification:
        return specification[name]
    return next((option for option in specification.values() if name in (option.get("aliases") or ())), None)


def _shown(value: Any, option: Mapping[str, Any], name: str) -> Any:
    no_log = option.get("no_log")
    if no_log or (no_log is None and PASSWORD_MATCH.search(name)):
        return HIDDEN
    suboptions = option.get("options")
    if not suboptions:
        return value
    if isinstance(value, Mapping):
        return shown(value, suboptions)
    if isinstance(value, list):
        return [shown(item, suboptions) if isinstance(item, Mapping) else item for item in value]
    return value
