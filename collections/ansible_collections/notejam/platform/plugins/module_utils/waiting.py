# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Waiting for a status, with polls that start dense and thin out."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

FIRST_DELAY = 0.5  # seconds
LONGEST_DELAY = 15.0
GROWTH = 1.3


def wait_until(
    what: str,
    status: Callable[[], str],
    ready: Collection[str],
    timeout: float,
    failed: Collection[str] = (),
) -> None:
    """Return once `status()` is one of `ready`.

    `what` names the resource in messages; `timeout` is in seconds. Raises AnsibleAWSError when the status
    is one of `failed`, or when the time is up.
    """
    deadline = time.monotonic() + timeout
    delay = FIRST_DELAY
    while (current := status()) not in ready:
        if current in failed:
            raise AnsibleAWSError(
                message=f"{what} became {current} while waiting for {' or '.join(ready)}; its events say why."
            )
        if time.monotonic() + delay > deadline:
            raise AnsibleAWSError(
                message=f"{what} is still {current} after {timeout:g} s, waiting for {' or '.join(ready)}. "
                "Run again to go on waiting, or raise wait_timeout."
            )
        time.sleep(delay)
        delay = min(delay * GROWTH, LONGEST_DELAY)
