"""What the parts of the bridge share: records as they are now, and the Kubernetes that is behind them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.aws.eks.records import CLUSTER, UPDATE, Record, Records
from sandbox.aws.kubernetes_ports import Clusters, Kubernetes

Errors = list[dict[str, Any]]


@dataclass
class Bridged:
    records: Records
    clusters: Clusters

    def change(self, record: Record, change: Callable[[Record], None]) -> None:
        """Apply a change to the record as it is now; a client may have changed it meanwhile."""
        with self.records.transaction():
            current = self.records.get(record.kind, record.account, record.region, *record.names)
            if current is not None:
                change(current)
                self.records.save(current)

    def finish(
        self,
        record: Record,
        status: str,
        change: Callable[[Record], None] | None = None,
        errors: Errors | None = None,
    ) -> None:
        """Give the record its new status, unless a client asked for something else meanwhile.

        An update that was under way is then over: failed with `errors`, successful without any.
        """
        before = record.status

        def finish(current: Record) -> None:
            if current.status != before:
                return
            current.status = status
            if before == "UPDATING":
                self._finish_updates(current, errors or [])
            if change:
                change(current)

        self.change(record, finish)

    def _finish_updates(self, record: Record, errors: Errors) -> None:
        for update in self.records.all(UPDATE, record.account, record.region, record.cluster):
            if update.state["key"] == record.key and update.status == "InProgress":
                update.status = "Failed" if errors else "Successful"
                update.resource["errors"] = errors
                self.records.save(update)
                if not errors:
                    record.resource |= update.state["then"]

    def kubernetes(self, record: Record) -> Kubernetes:
        """What is behind the cluster that the record is, or belongs to. Raises LookupError without one."""
        cluster = self.records.get(CLUSTER, record.account, record.region, record.cluster)
        if cluster is None:
            raise LookupError(f"there is no cluster {record.cluster}")
        return self.clusters.of(cluster.state["place"], cluster.account, cluster.region)
