"""When a schedule in AWS's words comes round next."""

import datetime

import pytest

from sandbox.aws.schedules import following, following_unix

# A Wednesday.
NOW = datetime.datetime(2026, 11, 25, 14, 30, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 day)", "2026-11-26T14:30"),
        ("rate(4 hours)", "2026-11-25T18:30"),
        ("cron(0 2 * * ? *)", "2026-11-26T02:00"),
        ("cron(0 18 * * ? *)", "2026-11-25T18:00"),
        ("cron(30 14 * * ? *)", "2026-11-26T14:30"),
        ("cron(0 */8 * * ? *)", "2026-11-25T16:00"),
        ("cron(0 2 1,15 * ? *)", "2026-12-01T02:00"),
        ("cron(0 2 L * ? *)", "2026-11-30T02:00"),
        ("cron(0 2 1 JAN-MAR ? *)", "2027-01-01T02:00"),
        ("cron(0 2 ? * SUN *)", "2026-11-29T02:00"),
        ("cron(0 2 ? * 2-6 *)", "2026-11-26T02:00"),
        ("cron(0 2 ? * SUN#1 *)", "2026-12-06T02:00"),
        ("cron(0 2 ? * FRIL *)", "2026-11-27T02:00"),
        ("cron(0 2 1 1 ? 2028)", "2028-01-01T02:00"),
    ],
)
def test_comes_round(expression: str, expected: str) -> None:
    found = datetime.datetime.fromtimestamp(following(expression, NOW.timestamp()), tz=datetime.UTC)
    assert f"{found:%Y-%m-%dT%H:%M}" == expected


@pytest.mark.parametrize(
    "expression",
    [
        "30 days",
        "rate(1 days)",
        "rate(2 day)",
        "rate(0 days)",
        "rate(5 minutes)",
        "cron(0 2 * * * *)",
        "cron(0 2 ? * ? *)",
        "cron(0 25 * * ? *)",
        "cron(0 2 1 * ?)",
        "cron(0 2 1 1 ? 2020)",
    ],
)
def test_is_none(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        following(expression, NOW.timestamp())


@pytest.mark.parametrize(
    ("expression", "time_zone", "expected"),
    [
        ("0 18 * * *", None, "2026-11-25T18:00"),
        ("30 14 * * *", "UTC", "2026-11-26T14:30"),
        ("0 18 * * *", "Europe/Berlin", "2026-11-25T17:00"),
        ("0 9 * * 1-5", "America/New_York", "2026-11-26T14:00"),
        ("*/15 * * * *", None, "2026-11-25T14:45"),
        ("0 8 * * 0", None, "2026-11-29T08:00"),
        ("0 8 * * SUN", None, "2026-11-29T08:00"),
        ("0 8 * * 7", None, "2026-11-29T08:00"),
        ("0 8 1 * MON", None, "2026-11-30T08:00"),
        ("0 8 25 12 *", None, "2026-12-25T08:00"),
        ("0 8 1 7 *", "Europe/Berlin", "2027-07-01T06:00"),
    ],
)
def test_a_recurrence_of_auto_scaling_comes_round(
    expression: str, time_zone: str | None, expected: str
) -> None:
    moment = following_unix(expression, NOW.timestamp(), time_zone)
    found = datetime.datetime.fromtimestamp(moment, tz=datetime.UTC)
    assert f"{found:%Y-%m-%dT%H:%M}" == expected
