"""EKS's resources as kept: the resource as AWS describes it, and beside it what only the gateway needs."""

import datetime
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.aws import clock
from sandbox.aws.documents import Documents

CLUSTER = "eks-cluster"
NODEGROUP = "eks-nodegroup"
ADDON = "eks-addon"
ACCESS_ENTRY = "eks-access-entry"
POD_IDENTITY = "eks-pod-identity-association"
UPDATE = "eks-update"
KINDS = (CLUSTER, NODEGROUP, ADDON, ACCESS_ENTRY, POD_IDENTITY, UPDATE)

TIMES = frozenset({"createdAt", "modifiedAt", "associatedAt", "releaseDate"})


@dataclass
class Record:
    """A resource. `done_at` is when AWS would be done with what `resource["status"]` says is under way."""

    kind: str
    account: str
    region: str
    names: list[str]  # the cluster's name, then what identifies the resource in it
    resource: dict[str, Any]
    done_at: float = 0.0
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return "\n".join([self.account, self.region, *self.names])

    @property
    def cluster(self) -> str:
        return self.names[0]

    @property
    def status(self) -> str:
        return str(self.resource.get("status", ""))

    @status.setter
    def status(self, status: str) -> None:
        self.resource["status"] = status

    def described(self) -> dict[str, Any]:
        """The resource as the API answers it: moments as dates."""
        return dict(with_dates(self.resource))

    def touch(self) -> None:
        self.resource["modifiedAt"] = clock.now()


def with_dates(value: Any) -> Any:
    if isinstance(value, list):
        return [with_dates(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: datetime.datetime.fromtimestamp(item, tz=datetime.UTC) if name in TIMES else with_dates(item)
        for name, item in value.items()
    }


class Records:
    """EKS's resources by kind, account, region and names."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def transaction(self) -> AbstractContextManager[None]:
        return self._documents.transaction()

    def get(self, kind: str, account: str, region: str, *names: str) -> Record | None:
        document = self._documents.get(kind, "\n".join([account, region, *names]))
        return Record(**document) if document else None

    def all(self, kind: str, account: str = "", region: str = "", *names: str) -> Iterator[Record]:
        """In the order of their names; without an account, those of all accounts."""
        prefix = "".join(f"{part}\n" for part in (account, region, *names) if part)
        for document in self._documents.all(kind, prefix).values():
            yield Record(**document)

    def save(self, record: Record) -> None:
        self._documents.put(record.kind, record.key, asdict(record))

    def delete(self, record: Record) -> None:
        self._documents.delete(record.kind, record.key)


def new_id() -> str:
    return str(uuid.uuid4())
