"""Follows objects of the Kubernetes API as a controller does: a list, then its changes, for ever."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.kubernetes.client import TIMEOUT, UNREACHABLE

log = logging.getLogger(__name__)

RETRY = 1  # second before the API server is asked again
WATCH = 300  # seconds after which a watch begins anew

Key = tuple[str, str]  # namespace and name
Objects = dict[Key, dict[str, Any]]
# Called with what changed (None for what is gone), and whether that is all there is.
Take = Callable[[Mapping[Key, dict[str, Any] | None], bool], None]


def follow(list_all: Callable[..., Any], take: Take) -> None:
    """Give `take` all objects that `list_all`, of the `kubernetes` library, lists, then each change of them.

    Does not return. While the API server is away nothing changes; when it is back, all are given anew.
    """
    while True:
        try:
            # As plain JSON: the library's classes for all of Kubernetes would take 100 MB.
            listed = json.loads(list_all(_preload_content=False, _request_timeout=TIMEOUT).data)
            take({key(item): item for item in listed["items"]}, True)
            stream = list_all(
                watch=True,
                resource_version=listed["metadata"]["resourceVersion"],
                timeout_seconds=WATCH,
                _preload_content=False,
                _request_timeout=WATCH + TIMEOUT,
            )
            for event in map(json.loads, stream):
                if event["type"] == "ERROR":  # what was listed is too old: list again
                    break
                item = event["object"]
                take({key(item): None if event["type"] == "DELETED" else item}, False)
        except UNREACHABLE as error:
            log.info("The API server does not answer (%s); asked again", type(error).__name__)
            time.sleep(RETRY)


def key(item: dict[str, Any]) -> Key:
    return item["metadata"]["namespace"], item["metadata"]["name"]
