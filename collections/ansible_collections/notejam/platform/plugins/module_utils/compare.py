# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Comparisons of what a task declares with what AWS reports, and the merge that predicts a change."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies


def declared(value: Any) -> Any:
    """The value without the options that the task left out (None), at any depth."""
    if isinstance(value, dict):
        return {key: declared(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [declared(item) for item in value]
    return value


def holds(current: Any, desired: Any) -> bool:
    """Whether AWS's value has all that the task declares; what AWS adds to a dict does not count."""
    if isinstance(desired, dict) and isinstance(current, dict):
        return all(key in current and holds(current[key], item) for key, item in desired.items())
    if isinstance(desired, (list, tuple)) and isinstance(current, (list, tuple)):
        return len(current) == len(desired) and all(map(holds, current, desired))
    return bool(current == desired)


def same(current: Any, desired: Any) -> bool:
    """Whether both are equal in full: for maps whose extra keys must go, such as labels."""
    return bool(current == desired)


def same_items(current: Any, desired: Any) -> bool:
    """Whether two lists hold the same items in any order; None counts as empty."""
    return sorted(map(_canonical, current or [])) == sorted(map(_canonical, desired or []))


def _canonical(value: Any) -> str:
    """The same text for equal values, also for dicts whose keys come in another order."""
    return json.dumps(value, sort_keys=True, default=str)


def same_policy(current: Any, desired: Any) -> bool:
    """Whether two IAM policy documents mean the same, by amazon.aws's own normalisation."""
    return not compare_policies(current or {}, desired or {})


def merged(current: Any, desired: Any) -> Any:
    """The value AWS will report once what the task declares is in place."""
    if isinstance(current, dict) and isinstance(desired, dict):
        return {**current, **{key: merged(current.get(key), item) for key, item in desired.items()}}
    return desired
