# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the modules of AWS WAF have in common: https://docs.aws.amazon.com/waf/latest/APIReference/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, State
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

MISSING = "WAFNonexistentItemException"
# What was made or let go a moment ago is not seen by every part of WAF yet.
UNSETTLED = ["WAFUnavailableEntityException", "WAFAssociatedItemException", "WAFTagOperationException"]


def settled(call: Callable[..., Any], *more: str) -> Callable[..., Any]:
    """The call, tried again with jittered backoff while WAF has not taken up an earlier change."""
    retry = AWSRetry.jittered_backoff(
        retries=8, delay=2, max_delay=20, catch_extra_error_codes=[*UNSETTLED, *more]
    )
    return retry(call)


class WafResource(Resource):
    """A resource of WAF that has a name, an id and a lock token."""

    kind: str
    """WAF's word for it in the names of its operations, such as "ip_set"."""
    listed: str
    """Key of the list in the answer of its list operation, such as "IPSets"."""
    list_operation: str

    @property
    def waf(self) -> Any:
        return self.client("wafv2")

    def summary(self) -> dict[str, Any] | None:
        """The entry of the list that has the resource's name."""
        marker: dict[str, str] = {}
        while True:
            answer = getattr(self.waf, self.list_operation)(Scope=self.params["scope"], Limit=100, **marker)
            for entry in answer[self.listed]:
                if entry["Name"] == self.params["name"]:
                    return dict(entry)
            if not answer.get("NextMarker"):
                return None
            marker = {"NextMarker": answer["NextMarker"]}

    def read(self) -> dict[str, Any] | None:
        """The answer of the get operation, with the lock token; None when there is no such resource."""
        entry = self.summary()
        if entry is None:
            return None
        try:
            return dict(getattr(self.waf, f"get_{self.kind}")(**self.key(entry["Id"])))
        except is_boto3_error_code(MISSING):
            return None

    def key(self, identifier: str) -> dict[str, str]:
        """What names the resource in every call."""
        return {"Name": self.params["name"], "Scope": self.params["scope"], "Id": identifier}

    def tags_of(self, arn: str) -> dict[str, str]:
        answer = self.waf.list_tags_for_resource(ResourceARN=arn)
        return as_dict(answer["TagInfoForResource"].get("TagList"))

    def delete(self, current: State) -> None:
        token = self.read()
        if token is not None:
            settled(getattr(self.waf, f"delete_{self.kind}"))(
                **self.key(current["id"]), LockToken=token["LockToken"]
            )

    def tag(self, current: State, tags: dict[str, str]) -> None:
        self.waf.tag_resource(ResourceARN=current["arn"], Tags=as_list(tags))

    def untag(self, current: State, keys: list[str]) -> None:
        self.waf.untag_resource(ResourceARN=current["arn"], TagKeys=keys)
