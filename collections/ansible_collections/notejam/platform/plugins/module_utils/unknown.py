# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The marker of a value that only the change itself will tell, such as the id of a VPC not yet made."""

from __future__ import annotations

from typing import Any

UNKNOWN = "(known after apply)"


def holds_unknown(value: Any) -> bool:
    """Whether the value is, contains, or was templated from an unknown."""
    if isinstance(value, dict):
        return any(holds_unknown(key) or holds_unknown(item) for key, item in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(holds_unknown(item) for item in value)
    return isinstance(value, str) and UNKNOWN in value
