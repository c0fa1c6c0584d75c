"""When a schedule in AWS's words comes round next, in UTC.

Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
"""

import calendar
import datetime
import re
from collections.abc import Callable

RATE = re.compile(r"rate\(([1-9]\d*) (hours?|days?)\)")
CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
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
