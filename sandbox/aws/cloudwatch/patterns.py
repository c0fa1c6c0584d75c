"""Filter patterns of CloudWatch Logs, over events of JSON and of plain text.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html and
FilterAndPatternSyntaxForMetricFilters.html there.
"""

import json
import operator
import re
from collections.abc import Callable
from fnmatch import translate
from typing import Any

MISSING = object()
TOKEN = re.compile(
    r"""\s*(?:(?P<mark>&&|\|\||\(|\)|!=|>=|<=|=|>|<)"""
    r"""|(?P<selector>\$(?:\.[\w-]+|\[\d+\])+)"""
    r"""|"(?P<quoted>(?:[^"\\]|\\.)*)\""""
    r"""|(?P<word>[^\s()=!<>&|"]+))"""
)
TERM = re.compile(r'(?P<sign>[?-]?)(?:"(?P<quoted>[^"]*)"|(?P<word>\S+))')
ORDER: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
# What follows a selector in words.
PROPERTIES: dict[tuple[str, ...], Callable[[Any], bool]] = {
    ("EXISTS",): lambda value: value is not MISSING,
    ("NOT", "EXISTS"): lambda value: value is MISSING,
    ("IS", "NULL"): lambda value: value is None,
    ("IS", "TRUE"): lambda value: value is True,
    ("IS", "FALSE"): lambda value: value is False,
}


class InvalidPattern(ValueError):
    """A pattern that CloudWatch Logs refuses."""


def matches(pattern: str, message: str) -> bool:
    """Whether the event's message is of the pattern; an empty one is of all. Raises InvalidPattern."""
    text = pattern.strip()
    if text.startswith("{"):
        if not text.endswith("}"):
            raise InvalidPattern(pattern)
        try:
            event = json.loads(message)
        except ValueError:
            event = None
        tokens = _tokens(text[1:-1])
        result = _either(tokens, event)
        if tokens:
            raise InvalidPattern(f"{pattern}: {tokens[0][1]}")
        return result
    return _terms(text, message)


def found(selector: str, message: str) -> Any:
    """What the selector, such as `$.size`, means in the event; None when that is nothing."""
    try:
        value = _select(selector, json.loads(message))
    except ValueError:
        return None
    return None if value is MISSING else value


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    while place < len(text.rstrip()):
        token = TOKEN.match(text, place)
        if token is None:
            raise InvalidPattern(text[place:])
        kind = str(token.lastgroup)
        tokens.append((kind, token[kind]))
        place = token.end()
    return tokens


def _either(tokens: list[tuple[str, str]], event: Any) -> bool:
    result = _both(tokens, event)
    while tokens[:1] == [("mark", "||")]:
        del tokens[0]
        result = _both(tokens, event) or result
    return result


def _both(tokens: list[tuple[str, str]], event: Any) -> bool:
    result = _one(tokens, event)
    while tokens[:1] == [("mark", "&&")]:
        del tokens[0]
        result = _one(tokens, event) and result
    return result


def _one(tokens: list[tuple[str, str]], event: Any) -> bool:
    kind, text = _taken(tokens)
    if (kind, text) == ("mark", "("):
        result = _either(tokens, event)
        if _taken(tokens) != ("mark", ")"):
            raise InvalidPattern("a parenthesis is not closed")
        return result
    if kind != "selector":
        raise InvalidPattern(f"{text} stands where a selector should")
    value = _select(text, event)
    kind, sign = _taken(tokens)
    if kind == "word":
        words = (sign,) if sign == "EXISTS" else (sign, _taken(tokens)[1])
        if words not in PROPERTIES:
            raise InvalidPattern(" ".join(words))
        return PROPERTIES[words](value)
    wanted_kind, wanted = _taken(tokens)
    if kind != "mark" or wanted_kind not in ("quoted", "word"):
        raise InvalidPattern(f"{sign} {wanted}")
    return _compared(value, sign, wanted)


def _taken(tokens: list[tuple[str, str]]) -> tuple[str, str]:
    if not tokens:
        raise InvalidPattern("the pattern ends too early")
    return tokens.pop(0)


def _select(selector: str, event: Any) -> Any:
    for name, place in re.findall(r"\.([\w-]+)|\[(\d+)\]", selector):
        if name and isinstance(event, dict) and name in event:
            event = event[name]
        elif place and isinstance(event, list) and int(place) < len(event):
            event = event[int(place)]
        else:
            return MISSING
    return event


def _compared(value: Any, sign: str, wanted: str) -> bool:
    """What is missing is neither like a value nor unlike it."""
    if value is MISSING or isinstance(value, (dict, list)):
        return False
    if sign in ORDER:
        return isinstance(value, (int, float)) and ORDER[sign](value, float(wanted))
    if sign not in ("=", "!="):
        raise InvalidPattern(sign)
    text = json.dumps(value) if isinstance(value, (bool, int, float)) or value is None else str(value)
    # Only `*` is a wildcard here.
    expression = translate(re.sub(r"([?\[\]])", r"[\1]", wanted)) if "*" in wanted else re.escape(wanted)
    return (re.fullmatch(expression, text) is not None) == (sign == "=")


def _terms(pattern: str, message: str) -> bool:
    """All terms, or one of those with `?`, and none of those with `-`."""
    terms = [(term["sign"], term["quoted"] or term["word"] or "") for term in TERM.finditer(pattern)]
    optional = [text for sign, text in terms if sign == "?"]
    return (
        all(text in message for sign, text in terms if not sign)
        and not any(text in message for sign, text in terms if sign == "-")
        and (not optional or any(text in message for text in optional))
    )
