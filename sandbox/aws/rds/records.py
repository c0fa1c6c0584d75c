"""What the gateway knows of Aurora beyond the emulator: addresses, states and the servers behind them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.aws.documents import Documents
from sandbox.aws.errors import AWSError
from sandbox.machine.bridge import DATABASES

CLUSTER = "rds-cluster"
INSTANCE = "rds-instance"


@dataclass
class Record:
    """A cluster or an instance.

    `answer` are members of AWS's answer that the emulator does not keep; `state` is ours, its hosts numbers
    in the sandbox's subnet.
    """

    kind: str
    account: str
    region: str
    identifier: str
    status: str
    done_at: float
    answer: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def key(self) -> str:
        return f"{self.account}/{self.region}/{self.identifier}"


class Records:
    """Records by kind, account, region and identifier, which is in lower case, as RDS stores it."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.transaction = documents.transaction

    def get(self, kind: str, account: str, region: str, identifier: str) -> Record | None:
        document = self._documents.get(kind, f"{account}/{region}/{identifier.lower()}")
        return Record(**document) if document else None

    def all(self, kind: str) -> Iterator[Record]:
        for document in self._documents.all(kind).values():
            yield Record(**document)

    def instances(self, cluster: Record) -> list[Record]:
        """The cluster's instances, the writer first."""
        found = [
            record
            for record in self.all(INSTANCE)
            if (record.account, record.region) == (cluster.account, cluster.region)
            and record.state["cluster"] == cluster.identifier
        ]
        return sorted(found, key=lambda record: not record.state["writer"])

    def cluster(self, instance: Record) -> Record | None:
        return self.get(CLUSTER, instance.account, instance.region, instance.state["cluster"])

    def save(self, record: Record) -> None:
        self._documents.put(record.kind, record.key, vars(record))

    def delete(self, record: Record) -> None:
        self._documents.delete(record.kind, record.key)

    def free_host(self) -> int:
        """The lowest number of the databases' block that is free, as is the next. Raises AWSError."""
        taken = {host for cluster in self.all(CLUSTER) for host in cluster.state["hosts"]}
        taken |= {instance.state["host"] for instance in self.all(INSTANCE)}
        for host in DATABASES[:-1]:
            if not {host, host + 1} & taken:
                return host
        raise AWSError("InstanceQuotaExceeded", f"This sandbox has addresses for {len(DATABASES)} instances.")
