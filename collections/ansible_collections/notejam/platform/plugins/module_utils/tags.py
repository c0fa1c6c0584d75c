# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""AWS's lists of tags as dicts. The tags are the platform's state: who asks by tags must compare them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def as_dict(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """`[{Key: a, Value: b}]`, in either of AWS's spellings, as `{a: b}`."""
    return {tag.get("Key", tag.get("key", "")): tag.get("Value", tag.get("value", "")) for tag in tags or ()}


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """`{a: b}` as `[{Key: a, Value: b}]`."""
    return [{"Key": key, "Value": str(value)} for key, value in tags.items()]


def carries(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether a resource's tags include all the wanted ones."""
    return all(found.get(key) == value for key, value in wanted.items())
