"""EC2's snapshots, as far as moto's differ from AWS's."""

from functools import cache
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from sandbox.aws.patching import replace

SELF, AMAZON = "self", "amazon"


@cache
def install() -> None:
    """Patch moto, once in a process."""
    _tell_owners_apart()


def _tell_owners_apart() -> None:
    """Only the snapshots of the owners who are asked for: moto gives those of all public images, too.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
    """

    def describe_snapshots(self: Any) -> Any:
        owners = set(self._get_param("OwnerIds", []))
        answer = original(self)
        if not owners:
            return answer
        own = self.ec2_backend.account_id
        wanted = owners - {SELF, AMAZON} | ({own} if SELF in owners else set())
        found = [
            snapshot
            for snapshot in answer.result["Snapshots"]
            if snapshot.owner_id in wanted
            or (AMAZON in owners and snapshot.from_ami and snapshot.owner_id != own)
        ]
        return ActionResult({**answer.result, "Snapshots": found})

    original = replace(ElasticBlockStore, "describe_snapshots", describe_snapshots)
