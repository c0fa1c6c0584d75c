"""The time the emulator sees: when a request was first served, also when its journal is replayed."""

import datetime
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from sandbox.aws.patching import replace

_request = threading.local()


def now() -> float:
    """Seconds since the epoch: of the request being served, or of the wall clock outside of one."""
    moment = getattr(_request, "moment", None)
    return time.time() if moment is None else float(moment)


def utcnow() -> datetime.datetime:
    """`now()` as moto wants it: without a time zone, meaning UTC."""
    return datetime.datetime.fromtimestamp(now(), tz=datetime.UTC).replace(tzinfo=None)


@contextmanager
def at(moment: float) -> Iterator[None]:
    """Within the block, on this thread, it is `moment`."""
    before = getattr(_request, "moment", None)
    _request.moment = moment
    try:
        yield
    finally:
        _request.moment = before


class _Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return datetime.datetime.fromtimestamp(now(), tz=tz)


def install() -> None:
    """Let moto read this clock. To be called before moto's services are imported: they import `utcnow` by
    name.
    """
    import moto.core.utils

    replace(moto.core.utils, "utcnow", utcnow)
    import moto.ecr.models
    import moto.secretsmanager.models

    replace(moto.secretsmanager.models, "time", SimpleNamespace(time=now))
    replace(moto.ecr.models, "datetime", _Datetime)
