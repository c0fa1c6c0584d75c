# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What RDS's resources have in common: tags by ARN, statuses, and versions that AWS raises by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, State
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

GONE = "absent"
BROKEN = (
    "failed",
    "inaccessible-encryption-credentials",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "restore-error",
    "storage-full",
)
"""https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html"""
WAITING_FOR_RESTART = "pending-reboot"


def same_or_newer_minor(current: str | None, desired: str) -> bool:
    """Whether the engine runs what is declared, or a newer minor version that RDS itself upgraded to.

    A declared "17" is met by every 17.x.
    """
    have, want = (tuple(map(int, version.split("."))) for version in (current or "0", desired))
    return have[0] == want[0] and have >= want


def window_spec(**own: Any) -> dict[str, Any]:
    """The options of the documentation fragment notejam.platform.rds, and the module's own."""
    common = {
        "engine": {"default": "aurora-postgresql"},
        "preferred_maintenance_window": {},
        "apply_immediately": {"type": "bool", "default": False},
    }
    return common | own


class RdsResource(Resource):
    """A resource of RDS, whose state has an "arn" and mostly a "status"."""

    missing: ClassVar[str]
    """Error code of a description of what is not there."""
    fields: ClassVar[Mapping[str, str]] = {}
    """AWS's name in its answers for each key of the state that is taken over as it is."""
    requests: ClassVar[Mapping[str, str]] = {}
    """AWS's name in its requests for each option."""

    @property
    def rds(self) -> Any:
        return self.client("rds")

    def answer(self) -> dict[str, Any] | None:
        """AWS's own description, also of a resource that is being deleted; None when there is none."""
        raise AssertionError(f"{type(self).__name__} does not define answer()")

    def found(self, operation: str, **request: Any) -> dict[str, Any] | None:
        """The answer of a describe operation, or None when there is no such resource."""
        try:
            return dict(getattr(self.rds, operation)(**request))
        except is_boto3_error_code(self.missing):
            return None

    def taken_over(self, answer: dict[str, Any]) -> State:
        """The state's keys that are AWS's own, and the tags."""
        return {key: answer.get(field) for key, field in self.fields.items()} | {
            "tags": as_dict(answer.get("TagList"))
        }

    def status(self) -> str:
        """AWS's status of the resource, or "absent"."""
        answer = self.answer()
        return str(answer["Status" if "Status" in answer else "DBInstanceStatus"]) if answer else GONE

    def settled(self, current: State) -> bool:
        return current["status"] == "available"

    def wait(self, state: str) -> None:
        ready, broken = (["available"], BROKEN) if state == "present" else ([GONE], ())
        what = f"{self.name} {self.identity}"
        wait_until(what, self.status, ready, self.params["wait_timeout"], broken)

    def request(self, *keys: str) -> dict[str, Any]:
        """The declared options of these keys in the spelling of RDS's requests."""
        return {self.requests[key]: value for key, value in self.declared(*keys).items()}

    def tag(self, current: State, tags: dict[str, str]) -> None:
        self.rds.add_tags_to_resource(ResourceName=current["arn"], Tags=as_list(tags))

    def untag(self, current: State, keys: list[str]) -> None:
        self.rds.remove_tags_from_resource(ResourceName=current["arn"], TagKeys=keys)

    def refusal(self, reason: str) -> AnsibleAWSError:
        """The error that ends the module, in a plan too, with what stands against what the task asks for."""
        return AnsibleAWSError(message=f"{self.name} {self.identity}: {reason}")

    def when(self, current: State) -> str:
        """When AWS makes a change that interrupts, as the end of a sentence."""
        if self.params["apply_immediately"]:
            return "at once, as apply_immediately asks for."
        window = self.params["preferred_maintenance_window"] or current["preferred_maintenance_window"]
        return f"in the maintenance window ({window}); apply_immediately would have it at once."

    def pending(self, current: State) -> list[str]:
        """What an earlier run asked for and AWS has yet to do in the maintenance window."""
        waiting = ", ".join(
            f"{field} {value}"
            for field, value in sorted(current["pending"].items())
            if not isinstance(value, dict)
        )
        window = current["preferred_maintenance_window"]
        return [f"{waiting} waits for the maintenance window ({window})."] if waiting else []
