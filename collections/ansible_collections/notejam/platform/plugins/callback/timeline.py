# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Shows at the end of a run what was asked for when, when it was ready, and who waited for it."""

from __future__ import annotations

DOCUMENTATION = """
name: timeline
type: aggregate
version_added: 0.1.0
short_description: Show what a run asked for, what waited for it, and the longest chain
author: Notejam platform contributors (@notejam)
description:
  - At the end of a run, shows for each host what this collection's modules asked AWS for, when it was ready,
    and which task waited for it how long.
  - Says how long the run took, how long the longest chain of what had to come one after the other, and how
    long all would have taken one after the other.
  - Is silent for a host that waited for less than O(shortest_wait).
options:
  shortest_wait:
    description: For how many seconds a host has to wait, in all, to be shown.
    type: float
    default: 5
    env:
      - name: NOTEJAM_TIMELINE_SHORTEST_WAIT
    ini:
      - section: callback_timeline
        key: shortest_wait
  shortest_span:
    description: How many seconds a resource has to take until it is ready, to be shown and counted.
    type: float
    default: 1
    env:
      - name: NOTEJAM_TIMELINE_SHORTEST_SPAN
    ini:
      - section: callback_timeline
        key: shortest_span
"""

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.notejam.platform.plugins.plugin_utils.chains import Span, longest_chain

ARN = re.compile(r"\barn:\S*:")  # what of an ARN says no more than where the resource is
WAITED = 0.5  # seconds; a shorter look at what is ready is no waiting


class CallbackModule(CallbackBase):
    """Collects the `timeline` of the modules' results by host."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "notejam.platform.timeline"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._began = time.time()
        self._spans: dict[str, dict[str, Span]] = {}

    def v2_runner_on_ok(self, result: Any) -> None:
        """Take in what a task tells; those of a loop have told it item by item."""
        if "results" not in result.result:
            self._take(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Take in what an item of a loop tells."""
        self._take(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Show each host's timeline."""
        total = time.time() - self._began
        for host, spans in sorted(self._spans.items()):
            if sum(span.waited for span in spans.values()) >= self.get_option("shortest_wait"):
                self._display.banner(f"TIMELINE {host}")
                for line in lines(spans.values(), self._began, total, self.get_option("shortest_span")):
                    self._display.display(line)

    def _take(self, result: Any) -> None:
        spans = self._spans.setdefault(result.host.get_name(), {})
        events = result.result.get("timeline")
        for event in events if isinstance(events, list) else []:  # of a plan it is unknown
            note(spans, event, result.task.get_name())


def note(spans: dict[str, Span], event: Mapping[str, Any], task: str) -> None:
    """Enter one event of a module's `timeline` among what is known of the host's resources, by name."""
    resource = ARN.sub("", event["resource"])
    if "asked" in event:
        spans[resource] = Span(resource, event["asked"], task)
        return
    # An earlier run or somebody else asked for what this one only waits for.
    span = spans.setdefault(resource, Span(resource, event["waited_since"], ""))
    if span.ready is None:
        span.ready, span.waited_by = event["ready"], task
        since = max(event["waited_since"], span.asked)
        span.waited = max(event["ready"] - since, 0.0)
        if span.waited < WAITED:
            span.waited = 0.0


def lines(spans: Iterable[Span], began: float, total: float, shortest: float) -> list[str]:
    """What is shown of a host: a line for each resource, by when it was asked for, and the sums."""
    spans = sorted(spans, key=lambda span: span.asked)
    shown = [span for span in spans if span.took >= shortest]
    unseen = [span.resource for span in spans if span.ready is None]
    chain = longest_chain(shown)
    table = [
        f"{'asked':>7} {'ready':>7} {'took':>7} {'waited':>7}  resource, and the task that waited for it"
    ]
    for span in shown:
        bound = "" if span.waited else "<"
        asked = clock(span.asked - began) if span.asked_by else "-"
        ready = clock((span.ready or began) - began)
        who = f" ({span.waited_by})" if span.waited else " (nobody had to wait)"
        table.append(
            f"{asked:>7} {bound + ready:>7} {bound + clock(span.took):>7} {clock(span.waited):>7}  "
            f"{span.resource}{who}"
        )
    if unseen:
        table.append(f"Nobody needed to know when they were ready: {', '.join(unseen)}.")
    together = sum(span.took for span in shown)
    names = " > ".join(span.resource for span in chain)
    return [
        *table,
        f"Total {clock(total)}, of which {clock(sum(span.waited for span in shown))} waiting.",
        f"Longest chain {clock(sum(span.took for span in chain))}: {names}.",
        f"One after the other, all of these would have taken up to {clock(together)}.",
    ]


def clock(seconds: float) -> str:
    """A moment or duration as minutes and seconds, such as 12:04."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
