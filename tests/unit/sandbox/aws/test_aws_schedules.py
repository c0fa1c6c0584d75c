"""When a schedule in AWS's words comes round next."""

import datetime

import pytest

from sandbox.aws.schedules import following

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
