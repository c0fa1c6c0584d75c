"""Replacing what a library defines, where it offers no other way to extend it."""

from typing import Any


def replace(owner: object, name: str, value: object) -> Any:
    """Set the attribute `name` of a module or class; returns what it was. Raises AttributeError when it has
    none.
    """
    before = getattr(owner, name)
    setattr(owner, name, value)
    return before


def add(owner: object, name: str, value: object) -> None:
    """Set the attribute `name`, which a module or class has not. Raises AttributeError when it has it."""
    if hasattr(owner, name):
        raise AttributeError(f"{owner!r} has a {name} by now: extend it instead")
    setattr(owner, name, value)
