"""The rules of composite alarms.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

import re
from collections.abc import Callable

TOKEN = re.compile(
    r"""\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\(\s*["']?(?P<name>[^"')]+?)["']?\s*\)"""
    r"|(?P<word>AND|OR|NOT|TRUE|FALSE|\(|\)))"
)


def holds(rule: str, state_of: Callable[[str], str]) -> bool:
    """Whether the rule holds, by the alarms' states by name. Raises ValueError for what is no rule."""
    tokens = _tokens(rule, state_of)
    result = _either(tokens)
    if tokens:
        raise ValueError(f"Rule {rule!r} goes on with {tokens[0]}")
    return result


def _tokens(rule: str, state_of: Callable[[str], str]) -> list[str]:
    tokens, place = [], 0
    while place < len(rule.rstrip()):
        found = TOKEN.match(rule, place)
        if found is None:
            raise ValueError(f"Rule {rule!r} cannot be read from {rule[place:]!r}")
        if found["state"]:
            name = found["name"].rpartition(":alarm:")[2]
            tokens.append("TRUE" if state_of(name) == found["state"] else "FALSE")
        else:
            tokens.append(found["word"])
        place = found.end()
    return tokens


def _either(tokens: list[str]) -> bool:
    result = _both(tokens)
    while tokens[:1] == ["OR"]:
        del tokens[0]
        result = _both(tokens) or result
    return result


def _both(tokens: list[str]) -> bool:
    result = _one(tokens)
    while tokens[:1] == ["AND"]:
        del tokens[0]
        result = _one(tokens) and result
    return result


def _one(tokens: list[str]) -> bool:
    word = tokens.pop(0) if tokens else "nothing"
    match word:
        case "NOT":
            return not _one(tokens)
        case "(":
            result = _either(tokens)
            if tokens[:1] != [")"]:
                raise ValueError("A parenthesis is not closed")
            del tokens[0]
            return result
        case "TRUE" | "FALSE":
            return word == "TRUE"
    raise ValueError(f"{word} stands where an alarm's state should")
