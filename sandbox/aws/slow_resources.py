"""Resources of the emulator that AWS takes its time for: told as under way until their time has passed."""

from sandbox.aws import clock
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.documents import Documents

KIND = "slow-resource"
CREATING = "creating"
DELETING = "deleting"


class SlowResources:
    """Remembers what is being made or removed; `kind` is one of `creation_times.SECONDS`."""

    def __init__(self, documents: Documents, times: CreationTimes) -> None:
        self._documents = documents
        self._times = times

    def begin(self, identifier: str, kind: str, change: str) -> None:
        """From now on the resource is being made (CREATING) or removed (DELETING)."""
        done_at = self._times.done_at(kind)
        self._documents.put(KIND, identifier, {"change": change, "done_at": done_at})

    def under_way(self, identifier: str) -> str | None:
        """CREATING or DELETING while that lasts."""
        document = self._documents.get(KIND, identifier)
        if document is None or clock.now() >= document["done_at"]:
            return None
        return str(document["change"])
