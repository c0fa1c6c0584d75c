"""Changes that wait for a maintenance window.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_UpgradeDBInstance.Maintenance.html
"""

import datetime

from sandbox.aws import clock
from sandbox.aws.rds.checks import WEEK_MINUTES, minutes
from sandbox.aws.rds.records import Record

MINUTE = 60


def next_window(window: str) -> float:
    """When the window comes next, in seconds since the epoch; now, while it lasts."""
    start, end = minutes(window, weekly=True)
    now = clock.now()
    moment = datetime.datetime.fromtimestamp(now, tz=datetime.UTC)
    monday = now - (moment.weekday() * 1440 + moment.hour * 60 + moment.minute) * MINUTE - moment.second
    since_monday = (now - monday) / MINUTE
    if (since_monday - start) % WEEK_MINUTES < (end - start) % WEEK_MINUTES:
        return now
    ahead = (start - since_monday) % WEEK_MINUTES
    return now + ahead * MINUTE


def wait_for_window(record: Record, changes: dict[str, object]) -> None:
    """Keep changes of the answer until the record's maintenance window."""
    if not changes:
        return
    pending = record.answer.get("PendingModifiedValues") or {}
    record.answer["PendingModifiedValues"] = pending | changes
    record.state["pending_at"] = next_window(record.answer["PreferredMaintenanceWindow"])


def take_pending(record: Record) -> dict[str, object]:
    """What has waited, which the record has from now on."""
    pending = dict(record.answer.pop("PendingModifiedValues", None) or {})
    record.state["pending_at"] = None
    record.answer |= pending
    return pending
