"""An alarm's state by its data points.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html and
alarms-and-missing-data.html there.
"""

from collections.abc import Callable, Sequence

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
# How much farther back than the evaluation periods CloudWatch looks for data, as in the examples there.
FARTHER = 2

Point = float | None
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def state(
    points: Sequence[Point],
    periods: int,
    to_alarm: int,
    breaches: Callable[[float], bool],
    missing: str,
    current: str,
) -> str:
    """The state by `points`, the oldest first, of `periods` and FARTHER before; None is a missing one.

    `to_alarm` of the last `periods` have to breach; `missing` is the alarm's TreatMissingData, `current` the
    state that it is in.
    """
    real = [breaches(point) for point in points if point is not None]
    window = real[-periods:]  # the most recent real ones, from farther back if it must be
    lacking = periods - len(window)
    if missing == "breaching":
        window = [*window, *[True] * lacking]
    if sum(window) >= to_alarm:
        return ALARM
    if not lacking or missing in ("breaching", "notBreaching"):
        return OK
    if missing == "ignore":
        return OK if False in real else current
    if not real:
        return INSUFFICIENT_DATA
    if False in real:
        return OK
    # All that is known breaches: an alarm once the oldest of them is as old as it has to be.
    oldest = next(place for place, point in enumerate(points) if point is not None)
    return ALARM if len(points) - oldest >= to_alarm else current
