# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How long what a run asked for took, and which of it had to come one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class Span:
    """A resource from where it was asked for until it was ready; moments and durations in seconds."""

    resource: str
    asked: float
    asked_by: str
    """The task that asked for it."""
    ready: float | None = None
    """When it was first seen to be ready; None when nobody looked."""
    waited: float = 0.0
    """How long the tasks that needed it stood still, in all."""
    waited_by: str = ""
    """The first task that needed it."""

    @property
    def took(self) -> float:
        """From asked to ready; an upper bound where nobody had to wait, and 0 where nobody looked."""
        return 0.0 if self.ready is None else max(self.ready - self.asked, 0.0)


def longest_chain(spans: Iterable[Span]) -> list[Span]:
    """Those of the spans that make the longest time one after the other, first to last.

    One comes after another when it was asked for once the other was ready. Only what was waited for counts:
    how long the rest took is not known, and it held nobody up.
    """
    ordered = sorted((span for span in spans if span.waited), key=lambda span: span.asked)
    chains: list[tuple[float, list[Span]]] = []
    for span in ordered:
        before = [
            (length, chain)
            for length, chain in chains
            if chain[-1].ready is not None and chain[-1].ready <= span.asked
        ]
        length, chain = max(before, key=lambda found: found[0], default=(0.0, []))
        chains.append((length + span.took, [*chain, span]))
    return max(chains, key=lambda found: found[0], default=(0.0, []))[1]
