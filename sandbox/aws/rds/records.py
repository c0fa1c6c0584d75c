"""What the gateway keeps of RDS: resources as AWS answers them, and the servers behind them."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.aws.documents import Documents
from sandbox.aws.errors import AWSError
from sandbox.machine.bridge import DATABASES

CLUSTER = "rds-cluster"
INSTANCE = "rds-instance"
SNAPSHOT = "rds-cluster-snapshot"
GLOBAL = "rds-global-cluster"  # its region is ""
CLUSTER_GROUP = "rds-cluster-parameter-group"
INSTANCE_GROUP = "rds-instance-parameter-group"
# The word of each kind in its ARNs, which is the tagging API's too:
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Tagging.ARN.html
WORDS = {
    CLUSTER: "cluster",
    INSTANCE: "db",
    SNAPSHOT: "cluster-snapshot",
    GLOBAL: "global-cluster",
    CLUSTER_GROUP: "cluster-pg",
    INSTANCE_GROUP: "pg",
}


@dataclass
class Record:
    """A resource.

    `answer` are the members of AWS's answer that are kept as they are, times in seconds since the epoch;
    `state` is ours, its hosts numbers in the sandbox's subnet.
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

    @property
    def arn(self) -> str:
        return f"arn:aws:rds:{self.region}:{self.account}:{WORDS[self.kind]}:{self.identifier}"


class Records:
    """Records by kind, account, region and identifier, which is in lower case, as RDS stores it."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.transaction = documents.transaction

    def get(self, kind: str, account: str, region: str, identifier: str) -> Record | None:
        document = self._documents.get(kind, f"{account}/{region}/{identifier.lower()}")
        return Record(**document) if document else None

    def by_arn(self, arn: str) -> Record | None:
        """The resource of any kind that has this ARN."""
        _, _, _, region, account, word, identifier = (arn.split(":", 6) + [""] * 7)[:7]
        kinds = {name: kind for kind, name in WORDS.items()}
        return self.get(kinds[word], account, region, identifier) if word in kinds else None

    def all(self, kind: str) -> Iterator[Record]:
        for document in self._documents.all(kind).values():
            yield Record(**document)

    def of_region(self, kind: str, account: str, region: str) -> list[Record]:
        """Those of one region of an account, in the order of their identifiers."""
        return [Record(**each) for each in self._documents.all(kind, f"{account}/{region}/").values()]

    def instances(self, cluster: Record) -> list[Record]:
        """The cluster's instances: the writer first, then by how soon each would take over from it.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html
        """
        found = [
            record
            for record in self.of_region(INSTANCE, cluster.account, cluster.region)
            if record.state["cluster"] == cluster.identifier
        ]
        return sorted(
            found,
            key=lambda each: (not each.state["writer"], each.state["promotion_tier"], each.identifier),
        )

    def writer(self, cluster: Record) -> Record | None:
        return next((each for each in self.instances(cluster) if each.state["writer"]), None)

    def cluster(self, instance: Record) -> Record | None:
        return self.get(CLUSTER, instance.account, instance.region, instance.state["cluster"])

    def save(self, record: Record) -> None:
        self._documents.put(record.kind, record.key, vars(record))

    def change(self, record: Record, change: Callable[[Record], None]) -> None:
        """Apply a change to the record as it is kept now, and to the copy in hand."""
        with self.transaction():
            current = self.get(record.kind, record.account, record.region, record.identifier)
            if current is not None:
                change(current)
                self.save(current)
        change(record)

    def delete(self, record: Record) -> None:
        self._documents.delete(record.kind, record.key)

    def free_hosts(self, number: int) -> list[int]:
        """The lowest numbers of the databases' block that are free. Raises AWSError."""
        taken = {host for cluster in self.all(CLUSTER) for host in cluster.state["hosts"]}
        taken |= {instance.state["host"] for instance in self.all(INSTANCE)}
        free = [host for host in DATABASES if host not in taken]
        if len(free) < number:
            raise AWSError("InstanceQuotaExceeded", f"This sandbox has {len(DATABASES)} database addresses.")
        return free[:number]


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with its times as AWS's serializer wants them."""
    return {
        name: datetime.datetime.fromtimestamp(value, tz=datetime.UTC)
        if name.endswith("Time") and isinstance(value, int | float)
        else value
        for name, value in answer.items()
        if value is not None
    }


def tag_list(asked: dict[str, Any]) -> list[dict[str, str]]:
    """The tags of a request. Raises AWSError for those that AWS keeps for itself."""
    tags = [{"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in asked.get("Tags") or []]
    for tag in tags:
        if tag["Key"].lower().startswith("aws:"):
            raise AWSError(
                "InvalidParameterValue", "Tag keys that start with aws: are reserved for system use."
            )
    return tags
