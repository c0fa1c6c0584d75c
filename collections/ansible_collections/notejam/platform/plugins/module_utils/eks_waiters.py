# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Waiting for EKS: which status ends a wait, and the API's own reasons when it ends badly.

The statuses are those of DescribeCluster, DescribeNodegroup, DescribeAddon and DescribeUpdate
(https://docs.aws.amazon.com/eks/latest/APIReference/).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

GONE = "DELETED"
"""The status of what EKS no longer knows."""


class Waiter(NamedTuple):
    """The statuses that end a wait well, and those from which nothing good comes by waiting."""

    ready: frozenset[str]
    failed: frozenset[str]


WAITERS = {
    "cluster present": Waiter(frozenset({"ACTIVE"}), frozenset({"FAILED", "DELETING", GONE})),
    "cluster absent": Waiter(frozenset({GONE}), frozenset({"ACTIVE", "FAILED"})),
    "nodegroup present": Waiter(
        frozenset({"ACTIVE"}), frozenset({"CREATE_FAILED", "DELETE_FAILED", "DEGRADED", "DELETING", GONE})
    ),
    "nodegroup absent": Waiter(frozenset({GONE}), frozenset({"ACTIVE", "DELETE_FAILED"})),
    "addon present": Waiter(
        frozenset({"ACTIVE"}),
        frozenset({"CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "DEGRADED", "DELETING", GONE}),
    ),
    "addon absent": Waiter(frozenset({GONE}), frozenset({"ACTIVE", "DELETE_FAILED"})),
    "update": Waiter(frozenset({"Successful"}), frozenset({"Failed", "Cancelled"})),
}


def wait_for(waiter: str, what: str, describe: Callable[[], dict[str, Any] | None], timeout: float) -> None:
    """Return once what `describe()` tells has a status that ends the wait named `waiter` well.

    `what` names the resource in messages; `timeout` is in seconds. Raises AnsibleEksError with the health
    issues or errors that the API reports as soon as a status is seen that waiting cannot mend.
    """
    ready, failed = WAITERS[waiter]

    def status() -> str:
        description = describe()
        current = description["status"] if description else GONE
        if current in failed:
            raise eks.AnsibleEksError(
                message=f"{what} is {current}. {_reasons(description or {})}{_advice(current)}"
            )
        return current

    wait_until(what, status, ready, timeout)


def wait_for_update(
    client: Any, cluster_name: str, update: dict[str, Any], what: str, timeout: float, **of: str
) -> None:
    """Return once the update of a cluster, or of the node group or add-on named in `of`, has succeeded."""
    wait_for(
        "update",
        f"The {update['type']} of {what}",
        lambda: eks.describe_update(client, cluster_name, update["id"], **of),
        timeout,
    )


def _reasons(description: dict[str, Any]) -> str:
    """What the API says is wrong: the health issues of a resource, or the errors of an update."""
    issues = description.get("health", {}).get("issues", []) or description.get("errors", [])
    said = [
        f"{issue.get('code') or issue.get('errorCode')}: {issue.get('message') or issue.get('errorMessage')}"
        + (f" ({', '.join(issue['resourceIds'])})" if issue.get("resourceIds") else "")
        for issue in issues
    ]
    return "EKS says: " + "; ".join(said) if said else "EKS gives no reason."


def _advice(status: str) -> str:
    """What to do about a resource that EKS will not mend by itself."""
    if status in ("FAILED", "CREATE_FAILED"):
        return ". Mend the cause, delete it (state: absent) and run again"
    return ""
