"""Another writer: within a cluster, and over the regions of a global database.

Sources: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html,
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
"""

from sandbox.aws.creation_times import passed
from sandbox.aws.rds.postgresql import PostgreSQL
from sandbox.aws.rds.records import CLUSTER, INSTANCE, Record, Records
from sandbox.aws.rds.servers import Servers

ELSEWHERE = {"elsewhere": True}  # a cluster's failover that its global cluster brings about


class Failovers:
    """The old writer is stopped before the new one is promoted, so that there are never two."""

    def __init__(self, records: Records, postgresql: PostgreSQL, servers: Servers) -> None:
        self._records = records
        self._postgresql = postgresql
        self._servers = servers

    def advance(self, cluster: Record) -> None:
        """One step of a failover to a reader of the cluster."""
        failover = cluster.state["failover"]
        if failover.get("elsewhere"):
            return
        target = self._records.get(INSTANCE, cluster.account, cluster.region, failover["target"])
        writer = self._records.writer(cluster)
        if target is None or writer is None or target.identifier == writer.identifier:
            self._records.change(cluster, lambda current: current.state.update(failover=None))
            return
        if not failover["stopped"]:
            if not self._stop(writer, cluster, target, cluster):
                return
            self._records.change(cluster, lambda current: current.state["failover"].update(stopped=True))
        if not self._promote(target, cluster):
            return
        with self._records.transaction():
            self._records.change(target, _now_writes)
            self._records.change(writer, _now_reads)
            self._records.change(cluster, lambda current: current.state.update(failover=None))

    def _stop(
        self, writer: Record, cluster: Record, target: Record, home: Record, *, loss: bool = False
    ) -> bool:
        """Stop the writer once the target has all that it wrote; returns whether it is stopped."""
        server = self._servers.server(writer, cluster)
        if not loss and self._postgresql.answers(server):
            follower = self._servers.server(target, home)
            if not self._postgresql.answers(follower) or not self._postgresql.follows(follower, server):
                return False
        # PostgreSQL sends a connected standby the rest of its log before it ends.
        self._postgresql.stop(server)
        return True

    def _promote(self, target: Record, cluster: Record) -> bool:
        """Have the target write, and answer for the cluster's endpoint; returns whether it does."""
        reads = self._servers.server(target, cluster, writes=False)
        writes = self._servers.server(target, cluster, writes=True)
        if target.state["started"]:
            self._postgresql.stop(reads)  # it listens on another address from now on
            self._records.change(target, lambda current: current.state.update(started=False))
        if not self._postgresql.running(writes):
            values = {name: each.value for name, each in self._servers.wanted(target, cluster).items()}
            parameters = self._servers.defaults(cluster) | values
            self._postgresql.start_writer(writes, parameters, fresh=False)
        if not self._postgresql.answers(writes):
            return False
        self._postgresql.promote(writes)
        return True

    def advance_global(self, record: Record) -> None:
        """One step of what a global cluster is asked to do."""
        if record.state["failover"]:
            self._advance_switch(record)
        for name in list(record.state["members"]):
            cluster = self._cluster(record, name)
            if cluster is not None and cluster.state.get("detach"):
                self._detach(record, cluster)
        busy = record.state["failover"] or not passed(record.done_at)
        if record.status not in ("available", "deleting") and not busy:
            self._records.change(record, lambda current: setattr(current, "status", "available"))

    def _advance_switch(self, record: Record) -> None:
        """Another region's cluster becomes the primary; the old one follows it."""
        failover = record.state["failover"]
        old, new = self._cluster(record, failover["from"]), self._cluster(record, failover["to"])
        target = self._records.writer(new) if new else None
        if old is None or new is None or target is None:
            return
        writer = self._records.writer(old)
        if not failover["stopped"]:
            if writer is not None and not self._stop(writer, old, target, new, loss=failover["loss"]):
                return
            self._records.change(record, lambda current: current.state["failover"].update(stopped=True))
        if not self._promote(target, new):
            return
        with self._records.transaction():
            self._records.change(target, _now_writes)
            for name in record.state["members"]:
                cluster = self._cluster(record, name)
                if cluster is None:
                    continue
                follows = None if name == failover["to"] else failover["to"]
                self._records.change(cluster, lambda current, f=follows: _follow(current, f))  # type: ignore[misc]
            for instance in self._records.instances(old):
                self._records.change(instance, _copies)
            self._records.change(
                record, lambda current: current.state.update(primary=failover["to"], failover=None)
            )

    def _detach(self, record: Record, cluster: Record) -> None:
        """The secondary cluster becomes one of its own, with what it has of the primary's data."""
        name = f"{cluster.region}/{cluster.identifier}"
        head = self._records.writer(cluster)
        if cluster.state["replicates"] and head is not None:
            if not self._promote(head, cluster):
                return
            self._records.change(head, _now_writes)
        elif cluster.state["replicates"]:
            primary = self._servers.primary(cluster)
            writer = self._records.writer(primary) if primary else None
            if primary is None or writer is None:
                return
            # Its storage follows the primary's also while it has no instance.
            storage = self._postgresql.storage(self._servers.place(cluster))
            storage.parent.mkdir(parents=True, exist_ok=True)
            self._postgresql.base_backup(self._servers.server(writer, primary), storage)
        with self._records.transaction():
            self._records.change(record, lambda current: current.state["members"].remove(name))
            self._records.change(cluster, _alone)

    def _cluster(self, record: Record, name: str) -> Record | None:
        region, _, identifier = name.partition("/")
        return self._records.get(CLUSTER, record.account, region, identifier)


def _now_writes(record: Record) -> None:
    """The server has been restarted as the writer; what it was set to is found anew."""
    record.state |= {"writer": True, "started": False, "rebuild": False, "source": None}


def _now_reads(record: Record) -> None:
    record.state |= {"writer": False, "started": False, "rebuild": True}


def _copies(record: Record) -> None:
    record.state |= {"started": False, "rebuild": True}


def _follow(record: Record, primary: str | None) -> None:
    record.state |= {"replicates": primary, "failover": None}


def _alone(record: Record) -> None:
    record.state |= {"replicates": None, "global": None, "detach": False, "failover": None}
