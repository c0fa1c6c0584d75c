"""The conditions of policies, evaluated over the keys of a request.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and reference_policies_condition-single-vs-multi-valued-context-keys.html there.
"""

import datetime
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.errors import AWSError

# What is known of the request: each key in lower case, with its values.
Context = Mapping[str, list[str]]
Matches = Callable[[str, str], bool]


def met(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether all of a statement's `Condition` holds.

    A key that `context` lacks was not in the request. Raises AWSError for an operator or a policy variable
    that is not evaluated here, so that nothing is let in or kept out by accident.
    """
    return all(
        _holds(operator, [_text(each) for each in _as_list(wanted)], context.get(key.lower(), []))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def like(pattern: str, value: str) -> bool:
    """Whether the value matches the pattern, whose only wildcards are `*` and `?`."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _holds(operator: str, wanted: list[str], values: list[str]) -> bool:
    if any("${" in each for each in wanted):
        raise _not_evaluated("policy variables")
    qualifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (not values) == (wanted == ["true"])
    if name.endswith("IfExists"):
        name = name.removesuffix("IfExists")
        if not values:
            return True
    matches, negated = _operator(name)

    def one(value: str) -> bool:
        return any(_compared(matches, each, value) for each in wanted) != negated

    if qualifier == "ForAllValues":
        return all(one(value) for value in values)
    if qualifier == "ForAnyValue":
        return any(one(value) for value in values)
    if qualifier:
        raise _not_evaluated(operator)
    # Without a qualifier, a negated operator holds for a key that is missing, and no other does.
    return all(one(value) for value in values) if negated else any(one(value) for value in values)


def _compared(matches: Matches, wanted: str, value: str) -> bool:
    """What is no number, date or address matches none."""
    try:
        return matches(wanted, value)
    except ValueError:
        return False


def _operator(name: str) -> tuple[Matches, bool]:
    """How the operator compares, and whether it negates."""
    negated = "Not" in name
    plain = name.replace("Not", "", 1)
    if plain not in OPERATORS:
        raise _not_evaluated(name)
    return OPERATORS[plain], negated


def _arn_like(pattern: str, value: str) -> bool:
    """Each of an ARN's six parts by itself, so a wildcard does not reach over a colon but in the last."""
    patterns, parts = pattern.split(":", 5), value.split(":", 5)
    return len(patterns) == len(parts) == 6 and all(map(like, patterns, parts))


def _in_network(network: str, value: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)


def _seconds(value: str) -> float:
    """A date of ISO 8601 or seconds since the epoch, as policies may give either."""
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    when = datetime.datetime.fromisoformat(value)
    return (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()


def _ordered(prefix: str, number: Callable[[str], float]) -> dict[str, Matches]:
    return {
        f"{prefix}Equals": lambda wanted, value: number(value) == number(wanted),
        f"{prefix}LessThan": lambda wanted, value: number(value) < number(wanted),
        f"{prefix}LessThanEquals": lambda wanted, value: number(value) <= number(wanted),
        f"{prefix}GreaterThan": lambda wanted, value: number(value) > number(wanted),
        f"{prefix}GreaterThanEquals": lambda wanted, value: number(value) >= number(wanted),
    }


OPERATORS: dict[str, Matches] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
    "IpAddress": _in_network,
    **_ordered("Numeric", float),
    **_ordered("Date", _seconds),
}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _not_evaluated(what: str) -> AWSError:
    return AWSError("NotImplemented", f"The sandbox does not evaluate {what} in conditions.", status=501)
