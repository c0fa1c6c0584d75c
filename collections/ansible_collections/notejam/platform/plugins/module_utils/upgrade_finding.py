# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What stands in the way of an upgrade."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """`passing` when it may be over in a moment without anybody's doing."""

    check: str
    message: str
    passing: bool = False
