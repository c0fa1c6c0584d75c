"""When a schedule in AWS's words comes round next; in UTC, where nothing else is said.

Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html; for Auto Scaling
https://docs.aws.amazon.com/autoscaling/ec2/userguide/scheduled-scaling-recurring-schedules.html
"""

import calendar
import datetime
import re
import zoneinfo
from collections.abc import Callable

RATE = re.compile(r"rate\(([1-9]\d*) (hours?|days?)\)")
CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
# Least, most, names; of the week's days 0 and 7 are Sunday.
UNIX_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, MONTHS),
    (0, 7, DAYS),
)
YEARS_AHEAD = 3  # further ahead nothing is looked for
Day = datetime.date


def following(expression: str, moment: float) -> float:
    """The first time of the schedule after `moment`, both in seconds since the epoch.

    Raises ValueError for an expression that is none, or that comes never.
    """
    if match := RATE.fullmatch(expression):
        number, unit = int(match[1]), match[2]
        if (number == 1) == unit.endswith("s"):
            raise ValueError(f"{expression}: rate(1 {unit.rstrip('s')}), and {unit.rstrip('s')}s for more")
        return moment + number * (3600 if unit.startswith("hour") else 86400)
    match = CRON.fullmatch(expression)
    if not match:
        raise ValueError(f"{expression} is neither rate() nor cron()")
    minute, hour, month_day, month, week_day, year = match.groups()
    if (month_day == "?") == (week_day == "?"):
        raise ValueError(f"{expression}: one of day-of-month and day-of-week, and only one, is ?")
    minutes, hours = _numbers(minute, 0, 59), _numbers(hour, 0, 23)
    months = _numbers(month, 1, 12, MONTHS)
    years = _numbers(year, 1970, 2199)
    falls = _in_month(month_day) if week_day == "?" else _in_week(week_day)
    start = datetime.datetime.fromtimestamp(moment, tz=datetime.UTC)
    for ahead in range(YEARS_AHEAD * 366):
        day = start.date() + datetime.timedelta(days=ahead)
        if day.month not in months or day.year not in years or not falls(day):
            continue
        for at_hour in sorted(hours):
            for at_minute in sorted(minutes):
                found = datetime.datetime(
                    day.year, day.month, day.day, at_hour, at_minute, tzinfo=datetime.UTC
                )
                if found > start:
                    return found.timestamp()
    raise ValueError(f"{expression} does not come within {YEARS_AHEAD} years")


def following_unix(expression: str, moment: float, time_zone: str | None = None) -> float:
    """As `following`, of a cron expression of five fields, in a time zone of IANA's or in UTC."""
    fields = expression.split()
    if len(fields) != len(UNIX_FIELDS):
        raise ValueError(f"{expression} has not the fields minute, hour, day of month, month, day of week")
    minutes, hours, days, months, weekdays = (
        _numbers(field, least, most, names)
        for field, (least, most, names) in zip(fields, UNIX_FIELDS, strict=True)
    )
    try:
        zone = zoneinfo.ZoneInfo(time_zone or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{time_zone} is no time zone") from None
    # Where both days are said, either will do: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/crontab.html
    either = fields[2] != "*" and fields[4] != "*"
    start = datetime.datetime.fromtimestamp(moment, tz=zone).date()
    for ahead in range(YEARS_AHEAD * 366):
        day = start + datetime.timedelta(days=ahead)
        matches = (day.day in days, bool({day.isoweekday() % 7, day.isoweekday()} & weekdays))
        if day.month not in months or not (any(matches) if either else all(matches)):
            continue
        for hour in sorted(hours):
            for minute in sorted(minutes):
                found = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp()
                if found > moment:
                    return found
    raise ValueError(f"{expression} does not come within {YEARS_AHEAD} years")


def _numbers(field: str, least: int, most: int, names: tuple[str, ...] = ()) -> set[int]:
    """The numbers that a field means, e.g. `1,3-5`, `*/4`, `JAN-MAR`."""
    found: set[int] = set()
    for part in field.split(","):
        values, _, step = part.partition("/")
        if values in ("*", "?"):
            first, last = least, most
        else:
            low, _, high = values.partition("-")
            first = _number(low, least, names)
            last = _number(high, least, names) if high else (most if step else first)
        if not least <= first <= last <= most:
            raise ValueError(f"{part} is not within {least} to {most}")
        found.update(range(first, last + 1, int(step or 1)))
    return found


def _number(text: str, least: int, names: tuple[str, ...]) -> int:
    return names.index(text.upper()) + least if text.upper() in names else int(text)


def _in_month(field: str) -> Callable[[Day], bool]:
    if field == "L":
        return lambda day: day.day == calendar.monthrange(day.year, day.month)[1]
    days = _numbers(field, 1, 31)
    return lambda day: day.day in days


def _in_week(field: str) -> Callable[[Day], bool]:
    """`SUN#2` is the second Sunday of a month, `SUNL` its last; the week begins with Sunday, which is 1."""
    name, hash_sign, number = field.partition("#")
    if hash_sign:
        wanted, which = _number(name, 1, DAYS), int(number)
        return lambda day: _week_day(day) == wanted and (day.day - 1) // 7 + 1 == which
    if field.endswith("L"):
        wanted = _number(field[:-1] or "SAT", 1, DAYS)
        return lambda day: (
            _week_day(day) == wanted and day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        )
    days = _numbers(field, 1, 7, DAYS)
    return lambda day: _week_day(day) in days


def _week_day(day: Day) -> int:
    return day.isoweekday() % 7 + 1
