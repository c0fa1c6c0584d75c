# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Announced events, such as a sale, and the capacity that there must be while one is on.

An event raises capacity from its lead time before it starts until it ends. At each moment the sizes follow
from the list and the clock alone, so whoever works them out, at whatever moment, comes to the same.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
FACTORS = (1, 20)
LEAD_MINUTES = (10, 1440)
"""New nodes and pods take up to ten minutes to be ready; a day ahead is early enough."""
FORGOTTEN = datetime.timedelta(days=30)
"""An event that ended longer ago is forgotten in the inventory, or its year is wrong."""
AHEAD = datetime.timedelta(days=365)
"""Auto Scaling takes no action that is further ahead."""
STEPS = {"replicas": 1.0, "database_capacity": 0.5, "database_instances": 1.0}
"""What an event may give a size of its own besides node groups, each in the steps that it comes in.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.how-it-works.html
"""
BY_FACTOR = frozenset({"replicas", "database_capacity"})
"""Those that the factor raises, too: another reader takes none of the writer's load away."""
EXAMPLE = "2026-11-27T08:00:00+01:00"


@dataclass(frozen=True)
class Event:
    """One announced event; moments have a time zone."""

    name: str
    raised: datetime.datetime
    """When the capacity must begin to be raised."""
    ends: datetime.datetime
    factor: float = 1
    node_groups: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, float] = field(default_factory=dict)
    """Of those in STEPS that the event gives."""

    def on(self, moment: datetime.datetime) -> bool:
        """Whether capacity is raised for it at that moment."""
        return self.raised <= moment < self.ends


def now() -> datetime.datetime:
    """The present moment."""
    return datetime.datetime.now(datetime.UTC)


def moment(text: str) -> datetime.datetime:
    """The moment that an ISO 8601 date with its time zone names. Raises ValueError for any other text."""
    found = datetime.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("has no time zone")
    return found


def read(events: Iterable[Mapping[str, Any]]) -> list[Event]:
    """The events of an inventory's list, which `problem` finds nothing wrong with."""
    return [
        Event(
            name=event["name"],
            raised=moment(str(event["starts"])) - datetime.timedelta(minutes=int(event["lead_minutes"])),
            ends=moment(str(event["ends"])),
            factor=float(event.get("factor") or 1),
            node_groups=event.get("node_groups") or {},
            sizes={what: float(event[what]) for what in STEPS if event.get(what) is not None},
        )
        for event in events
    ]


def nodes(group: str, size: int, events: Iterable[Event], at: datetime.datetime) -> int:
    """How many nodes a group must have at that moment: the most that an event asks for, or its own."""
    wanted = [
        int(event.node_groups.get(group, math.ceil(size * event.factor))) for event in events if event.on(at)
    ]
    return max([size, *wanted])


def size(what: str, own: float, events: Iterable[Event], at: datetime.datetime) -> float:
    """The size of one of STEPS at that moment: the largest that an event asks for, or its own."""
    wanted = [own]
    for event in events:
        if event.on(at):
            factor = event.factor if what in BY_FACTOR else 1
            step = STEPS[what]
            wanted.append(event.sizes.get(what, math.ceil(own * factor / step) * step))
    return max(wanted)


def boundaries(events: Iterable[Event], after: datetime.datetime) -> list[datetime.datetime]:
    """The moments at which a size may change, those still to come, in order and each once."""
    moments = {each for event in events for each in (event.raised, event.ends)}
    return sorted(each.astimezone(datetime.UTC) for each in moments if each > after)


def problem(events: Sequence[Mapping[str, Any]]) -> str | None:
    """What is wrong with a list of events, as it follows "is <value>, "."""
    present = now()
    names = [event["name"] for event in events]
    for event in events:
        name = event["name"]
        told = f"in which {name}"
        if not NAME.fullmatch(name):
            return f"in which the name {name!r} is none of 1 to 40 lower-case letters, digits and hyphens."
        if names.count(name) > 1:
            return f"in which two events are named {name}. Overlapping events are fine under two names."
        moments = _moments(event, told)
        if isinstance(moments, str):
            return moments
        starts, ends = moments
        if ends <= starts:
            return f"{told} ends at {event['ends']}, which is not after it starts."
        if present - ends > FORGOTTEN:
            return f"{told} is over since {event['ends']}. Correct its year, or take it out."
        if starts - present > AHEAD:
            return f"{told} starts more than a year ahead, later than Auto Scaling takes an action for."
        if (found := _sizes(event)) is not None:
            return f"{told} {found}"
    return None


def _moments(event: Mapping[str, Any], told: str) -> tuple[datetime.datetime, datetime.datetime] | str:
    """Start and end, or what is wrong with one."""
    found = []
    for key in ("starts", "ends"):
        try:
            found.append(moment(str(event[key])))
        except ValueError as error:
            why = "has no time zone" if "time zone" in str(error) else "is no moment"
            return f"{told} {key} at {event[key]!r}, which {why}. Write it as '{EXAMPLE}'."
    return found[0], found[1]


def _sizes(event: Mapping[str, Any]) -> str | None:
    lead, factor = event["lead_minutes"], event.get("factor")
    if not LEAD_MINUTES[0] <= lead <= LEAD_MINUTES[1]:
        return (
            f"has lead_minutes of {lead}, not between {LEAD_MINUTES[0]} and {LEAD_MINUTES[1]}: "
            "nodes and pods take some minutes to come."
        )
    if factor is not None and not FACTORS[0] < factor <= FACTORS[1]:
        return f"has a factor of {factor:g}, which is not more than {FACTORS[0]} and at most {FACTORS[1]}."
    raises = ("factor", "node_groups", *STEPS)
    if all(event.get(key) in (None, {}) for key in raises):
        return f"raises nothing. Give it one of {', '.join(raises)}."
    return None


def beyond(events: Sequence[Mapping[str, Any]], groups: Sequence[Mapping[str, Any]]) -> str | None:
    """What of the events no node group of the list can hold, or None."""
    known = {group["name"]: group for group in groups}
    for event in read(events):
        if strangers := sorted(event.node_groups.keys() - known.keys()):
            return f"{event.name} gives a size to {strangers[0]}, which is no node group of the cluster."
        for name, group in known.items():
            wanted = nodes(name, group["min_size"], [event], event.raised)
            if wanted > group["max_size"]:
                return (
                    f"{event.name} needs {wanted} nodes of {name}, more than its max_size of "
                    f"{group['max_size']}. Raise max_size, or give the event a size for it in node_groups."
                )
    return None


def beyond_database(events: Sequence[Mapping[str, Any]], capacity: Mapping[str, Any]) -> str | None:
    """What of the events a database of this serverless capacity, or of none, cannot give, or None."""
    for event in read(events):
        own = event.sizes.get("database_capacity")
        if capacity.get("max") is None:
            if own is not None:
                return f"{event.name} gives database_capacity, but the database is not serverless."
            continue
        wanted = size("database_capacity", capacity["min"], [event], event.raised)
        if wanted > capacity["max"]:
            return f"{event.name} needs a capacity of {wanted:g}, more than the most of {capacity['max']:g}."
    return None
