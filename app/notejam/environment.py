"""Read settings from environment variables or mounted files, and name everything that is wrong at once."""

import json
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


class Environment:
    """Typed access to variables.

    The variable ``NAME_FILE`` may hold the path of a file with the value of ``NAME``, as a mounted Kubernetes
    Secret or the Secrets Store CSI driver gives it. Problems are collected, not raised, until `check`.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._problems: list[str] = []

    def text(
        self,
        name: str,
        default: str | None = None,
        *,
        minimum_length: int = 1,
        choices: tuple[str, ...] = (),
    ) -> str:
        """Return the text of ``name``; without ``default`` it is required. Messages never show the value."""
        value = self._read(name)
        if value is None:
            if default is None:
                self.problem(name, "is not set")
            return default or ""
        if len(value) < minimum_length:
            self.problem(name, f"has {len(value)} characters, at least {minimum_length} are needed")
        if choices and value not in choices:
            self.problem(name, f"is none of {', '.join(choices)}")
        return value

    def words(self, name: str, default: tuple[str, ...] | None = None) -> list[str]:
        """Return a list that is written with commas."""
        value = self.text(name, None if default is None else ",".join(default))
        return [word.strip() for word in value.split(",") if word.strip()]

    def texts(self, name: str, *, minimum_length: int = 1) -> list[str]:
        """Return a list of texts with any characters, written as a JSON array."""
        try:
            found = json.loads(self.text(name, "[]"))
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            self.problem(name, "is not a JSON array of texts")
            return []
        for position, text in enumerate(found, start=1):
            if len(text) < minimum_length:
                has = f"has {len(text)} characters in its text {position}"
                self.problem(name, f"{has}, at least {minimum_length} are needed")
        return found

    def integer(self, name: str, default: int, *, minimum: int, maximum: int) -> int:
        """Return a whole number from ``minimum`` to ``maximum``."""
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit() and minimum <= int(value) <= maximum):
            self.problem(name, f"is not a whole number from {minimum} to {maximum}")
            return default
        return int(value)

    def boolean(self, name: str, default: bool) -> bool:
        """Return a switch, written true or false."""
        value = self.text(name, str(default)).lower()
        if value not in TRUE | FALSE:
            self.problem(name, "is neither true nor false")
        return value in TRUE

    def problem(self, name: str, what: str) -> None:
        """Remember that the variable ``name`` is wrong."""
        self._problems.append(f"{name} {what}")

    def check(self) -> None:
        """Raise ImproperlyConfigured that lists every problem found; return when there is none."""
        if self._problems:
            listed = "".join(f"\n  - {problem}" for problem in self._problems)
            raise ImproperlyConfigured(
                f"Notejam's environment is wrong; set these variables (README.md lists them all):{listed}"
            )

    def _read(self, name: str) -> str | None:
        value, path = self._variables.get(name), self._variables.get(f"{name}_FILE")
        if path is None:
            return value or None
        if value:
            self.problem(name, f"is set twice: by {name} and by {name}_FILE")
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            self.problem(f"{name}_FILE", f"names a file that cannot be read: {type(error).__name__}")
            return ""
