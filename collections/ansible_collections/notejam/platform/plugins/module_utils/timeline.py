# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a module asked AWS for and what it waited for, told to the callback notejam.platform.timeline."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any


class Timeline:
    """The events of one run of a module, in the order in which they came.

    A resource is named by its kind and its identifier, such as "cluster notejam-prod", by all modules alike.
    Moments are seconds since the epoch.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def asked(self, resource: str) -> None:
        """AWS has been asked for the resource, and is on it from now on."""
        self.events.append({"resource": resource, "asked": _now()})

    @contextlib.contextmanager
    def wait(self, resource: str) -> Iterator[None]:
        """Note that the resource is ready once the block ends, and since when it was waited for."""
        since = _now()
        yield
        self.ready(resource, since)

    def ready(self, resource: str, since: float) -> None:
        """The resource is seen to be ready, by who waits for it since that moment."""
        self.events.append({"resource": resource, "waited_since": since, "ready": _now()})

    def result(self) -> dict[str, Any]:
        """What the module's result says of it; nothing when nothing was asked and waited for."""
        return {"timeline": self.events} if self.events else {}


def _now() -> float:
    return round(time.time(), 3)
