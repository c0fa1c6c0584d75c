# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What rules are made of: a check tells what is wrong with a value as a predicate ("is not ..."), or None."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

try:
    import botocore.session
except ImportError:
    pass  # toolchain.old_libraries() reports the missing library.

Check = Callable[[Any], str | None]


@dataclass(frozen=True)
class Rule:
    """What a variable must be beyond its type, and where AWS says so."""

    check: Check
    source: str = ""

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value that has the variable's type, as it follows "is <value>, "."""
        found = self.check(value)
        if not found:
            return None
        return f"{found} See {self.source}." if self.source else found


def single(check: Check) -> Check:
    """The check of a variable with one value."""
    return lambda value: f"which {found}" if (found := check(value)) else None


def each(check: Check, *, filled: bool = False, unique: bool = True) -> Check:
    """The check of a list, every item by itself; `filled` refuses an empty list, `unique` duplicates."""

    def of_list(values: list[Any]) -> str | None:
        if filled and not values:
            return "which names nobody and nothing. Give it one at least."
        for value in values:
            if found := check(value):
                return f"of which {value!r} {found}"
        twice = [value for value in values if values.count(value) > 1]
        return f"of which {twice[0]!r} is there twice. Remove one." if unique and twice else None

    return of_list


def anything(_value: Any) -> None:
    """The check of list items that only must not be there twice."""


def empty_or(check: Check) -> Check:
    """The check of a variable that may be left empty."""
    return lambda value: check(value) if value else None


def between(low: int, high: int, unit: str) -> Check:
    """A number of this unit within both bounds."""
    return lambda value: None if low <= value <= high else f"is not between {low} and {high} {unit}."


def at_least(low: int, unit: str) -> Check:
    """A number of this unit without an upper bound."""
    return lambda value: None if value >= low else f"is less than {low} {unit}."


def one_of(values: Collection[Any], what: str) -> Check:
    """One of these values; a name that resembles one is told which."""

    def check(value: Any) -> str | None:
        if value in values:
            return None
        close = get_close_matches(str(value), [str(known) for known in values], n=1)
        hint = f"Did you mean {close[0]}?" if close else f"Those are {', '.join(map(str, sorted(values)))}."
        return f"is no {what}. {hint}"

    return check


def like(pattern: str, what: str) -> Check:
    """A text that this regular expression matches as a whole."""
    compiled = re.compile(pattern)
    return lambda value: None if compiled.fullmatch(value) else f"is no {what}."


def region(value: str) -> str | None:
    """A region that the AWS SDK knows; asks nobody."""
    known = _regions()
    if value in known:
        return None
    close = get_close_matches(value, known, n=1)
    return "is no region that boto3 knows." + (f" Did you mean {close[0]}?" if close else "")


@cache
def _regions() -> frozenset[str]:
    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    return frozenset(name for part in partitions for name in session.get_available_regions("ec2", part))


def network(value: str) -> str | None:
    """A range of addresses, of either version."""
    try:
        ip_network(value)
    except ValueError as error:
        return f"is no network: {error}. Write it as 192.168.0.0/16."
    return None


def ipv4(*, longest: int = 32, shortest: int = 0, within: Collection[str] = ()) -> Check:
    """An IPv4 range whose prefix is from `shortest` to `longest`, within one of these ranges, if any."""

    def check(value: str) -> str | None:
        if found := network(value):
            return found
        found_network = ip_network(value)
        if not isinstance(found_network, IPv4Network):
            return "is IPv6, where IPv4 is needed."
        if not shortest <= found_network.prefixlen <= longest:
            return f"is /{found_network.prefixlen}, but must be between /{shortest} and /{longest}."
        if within and not any(found_network.subnet_of(IPv4Network(outer)) for outer in within):
            return f"lies in none of {', '.join(within)}."
        return None

    return check


def ipv6(*, shortest: int = 0) -> Check:
    """An IPv6 range whose prefix is `shortest` or longer."""

    def check(value: str) -> str | None:
        if found := network(value):
            return found
        found_network = ip_network(value)
        if not isinstance(found_network, IPv6Network):
            return "is IPv4, where IPv6 is needed."
        if found_network.prefixlen < shortest:
            return f"is /{found_network.prefixlen}, but must be /{shortest} or longer."
        return None

    return check


def arn(kinds: str) -> Check:
    """The ARN of an IAM principal of these kinds, such as "user|role"; `root` stands for the account."""
    pattern = re.compile(rf"arn:aws[a-z-]*:iam::\d{{12}}:(?:{kinds})")

    def check(value: str) -> str | None:
        if "*" in value or "?" in value:
            return "has a wildcard. Name each user and role."
        if pattern.fullmatch(value):
            return None
        return "is no ARN of an IAM user or role, such as arn:aws:iam::123456789012:role/platform."

    return check


def tag_pattern(value: str) -> str | None:
    """A pattern for image tags in a lifecycle policy of ECR."""
    if value.count("*") > 4:
        return f"has {value.count('*')} wildcards, but ECR takes four."
    if not re.fullmatch(r"[A-Za-z0-9._*-]{1,128}", value):
        return "is no pattern of image tags: up to 128 letters, digits, dots, hyphens, underscores and *."
    return None


def resource_tags(value: Mapping[str, Any]) -> str | None:
    """Tags within AWS's limits, but for the few that the roles add."""
    if len(value) > 40:
        return (
            f"which has {len(value)} tags. AWS takes 50 for a resource, and the roles add some of their own."
        )
    for key, text in value.items():
        if str(key).lower().startswith("aws:"):
            return f"whose key {key!r} begins with aws:, which is AWS's own."
        if not 1 <= len(str(key)) <= 128 or len(str(text)) > 256:
            return f"whose tag {key!r} is too long: a key has up to 128 characters, a value up to 256."
    return None


def window(*, weekly: bool) -> Check:
    """A window of RDS, daily (hh:mm-hh:mm) or weekly (ddd:hh:mm-ddd:hh:mm), of 30 minutes at least."""
    form = "sun:03:30-sun:04:30" if weekly else "02:00-03:00"

    def check(value: str) -> str | None:
        minutes = window_minutes(value, weekly=weekly)
        if minutes is None:
            return f"is no window, such as {form}."
        period = 7 * 24 * 60 if weekly else 24 * 60
        length = (minutes[1] - minutes[0]) % period
        return None if length >= 30 else f"lasts {length} minutes, but RDS needs 30."

    return check


def window_minutes(value: str, *, weekly: bool) -> tuple[int, int] | None:
    """The begin and end in minutes of the week or the day; None for what is no window."""
    days = "mon|tue|wed|thu|fri|sat|sun"
    point = rf"(?:({days}):)?([01]\d|2[0-3]):([0-5]\d)"
    match = re.fullmatch(f"{point}-{point}", value.lower())
    if not match or any((day is not None) != weekly for day in (match[1], match[4])):
        return None

    def minute(day: str | None, hour: str, rest: str) -> int:
        return (days.split("|").index(day) if day else 0) * 24 * 60 + int(hour) * 60 + int(rest)

    return minute(match[1], match[2], match[3]), minute(match[4], match[5], match[6])
