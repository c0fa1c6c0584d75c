"""The bridge from Aurora's records to PostgreSQL: brings about what was asked for, step by step.

A thread goes over all records again and again. It keeps nothing in memory, so that after a restart it goes
on; what it does may be done again.
"""

import logging
from collections.abc import Callable

from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import passed
from sandbox.aws.rds import instances, passwords
from sandbox.aws.rds.backups import Backups
from sandbox.aws.rds.cluster_changes import ClusterChanges
from sandbox.aws.rds.endpoints import Endpoints
from sandbox.aws.rds.failovers import Failovers
from sandbox.aws.rds.postgresql import PostgreSQL
from sandbox.aws.rds.records import CLUSTER, GLOBAL, SNAPSHOT, Record, Records
from sandbox.aws.rds.servers import Servers
from sandbox.aws.rounds import Rounds

log = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two rounds
UNDER_WAY = ("creating", "modifying", "upgrading", "backing-up", "failing-over", "starting", "promoting")


class Bridge(Rounds):
    """Runs the servers that the records ask for."""

    def __init__(
        self,
        records: Records,
        postgresql: PostgreSQL,
        servers: Servers,
        changes: ClusterChanges,
        clients: Clients,
    ) -> None:
        super().__init__("rds-bridge", PAUSE)
        self._records = records
        self._postgresql = postgresql
        self._servers = servers
        self._changes = changes
        self._clients = clients
        self._backups = Backups(records, postgresql, servers)
        self._failovers = Failovers(records, postgresql, servers)
        self._endpoints = Endpoints()

    def stop(self) -> None:
        """Return when the round under way is over, and nobody comes by an endpoint any more."""
        super().stop()
        self.close()

    def close(self) -> None:
        """Let go of the reader endpoints."""
        self._endpoints.close()

    def step(self) -> None:
        """One round over everything; what fails is logged, and tried again in the next round."""
        for record in list(self._records.all(GLOBAL)):
            self._try(self._failovers.advance_global, record)
        for record in list(self._records.all(CLUSTER)):
            self._try(self._cluster, record)
            for instance in self._records.instances(record):
                self._try(self._instance, instance)
        for record in list(self._records.all(SNAPSHOT)):
            self._try(self._backups.advance, record)
        clusters = list(self._records.all(CLUSTER))
        self._endpoints.serve(
            {
                (self._servers.reader_endpoint(each), each.answer["Port"]): self._servers.readers(each)
                for each in clusters
                if each.status not in ("stopping", "stopped")
            }
        )

    def _try(self, advance: Callable[[Record], None], record: Record) -> None:
        try:
            advance(record)
        except Exception as error:
            log.warning("%s %s: %s (tried again)", record.kind, record.identifier, error, exc_info=True)

    def _cluster(self, record: Record) -> None:
        if record.status == "deleting":
            if passed(record.done_at) and not self._records.instances(record):
                self._forget(record)
            return
        if record.state["restore"] and not self._backups.restore(record):
            return
        if record.state["failover"]:
            self._failovers.advance(record)
        if record.state.get("pending_at") and passed(record.state["pending_at"]):
            self._apply_pending(record)
        writer = self._records.writer(record)
        ready = writer and writer.state["started"] and not record.state["replicates"]
        if writer and ready and not record.state["failover"]:
            self._tend(record, writer)
        if record.status == "stopping" and passed(record.done_at):
            if all(each.status == "stopped" for each in self._records.instances(record)):
                self._change(record, lambda current: setattr(current, "status", "stopped"))
        elif record.status in UNDER_WAY and passed(record.done_at) and not self._busy(record):
            self._finish(record)

    def _busy(self, record: Record) -> bool:
        """Whether what the status speaks of is still going on, longer than AWS takes."""
        upgraded = record.status in ("upgrading", "starting") and any(
            each.status != "available" or each.state["restart"] for each in self._records.instances(record)
        )
        snapshot = record.status == "backing-up" and any(
            not each.state["taken"]
            and each.state["cluster"] == record.identifier
            and not each.state["source"]
            for each in self._records.of_region(SNAPSHOT, record.account, record.region)
        )
        return bool(record.state["failover"] or record.state.get("detach") or upgraded or snapshot)

    def _tend(self, record: Record, writer: Record) -> None:
        """What is done with a running writer: the master's password, and the base of later restores."""
        server = self._servers.server(writer, record)
        idle = not record.state["pending_password"] and not self._backups.needs_base(record, server)
        if idle or not self._postgresql.answers(server):
            return
        if self._postgresql.recovering(server):
            return  # still on its way to the point in time that it is restored to
        if password := record.state["pending_password"]:
            answer = record.answer
            self._postgresql.set_master(
                server, answer["MasterUsername"], password, answer.get("DatabaseName")
            )
            self._change(record, lambda current: current.state.update(pending_password=None))
        else:
            moment = self._backups.base(server)
            self._change(record, lambda current: current.state.update(based_at=moment))

    def _apply_pending(self, record: Record) -> None:
        with self._records.transaction():
            current = self._records.get(CLUSTER, record.account, record.region, record.identifier)
            if current is not None:
                self._changes.apply(current)
                self._records.save(current)

    def _instance(self, record: Record) -> None:
        cluster = self._records.cluster(record)
        if cluster is None or cluster.state["failover"] or cluster.state["restore"]:
            return
        if record.status == "deleting":
            if passed(record.done_at):
                self._remove(record, cluster)
            return
        if cluster.status in ("stopping", "stopped"):
            if record.status != "stopped":
                self._postgresql.stop(self._servers.server(record, cluster))
                self._change(record, _stopped)
            return
        if record.status == "stopped":
            self._change(record, lambda current: setattr(current, "status", "starting"))
        if record.state["pending_at"] and passed(record.state["pending_at"]):
            self._change(record, instances.apply)
        if record.state["restart"]:
            self._postgresql.stop(self._servers.server(record, cluster))
            self._change(record, _restarting)
        server = self._servers.server(record, cluster)
        if not record.state["started"] or not self._postgresql.running(server):
            if not self._start(record, cluster):
                return
        else:
            self._take_over(record, cluster)
        if (
            record.status in ("creating", "modifying", "rebooting", "starting")
            and passed(record.done_at)
            and self._postgresql.answers(server)
            and not cluster.state["pending_password"]
        ):
            self._finish(record)

    def _start(self, record: Record, cluster: Record) -> bool:
        """Start the instance's server; returns whether that could be done yet."""
        server = self._servers.server(record, cluster)
        values = {name: each.value for name, each in self._servers.wanted(record, cluster).items()}
        parameters = self._servers.defaults(cluster) | values
        source = None
        if self._servers.writes(record, cluster):
            fresh = not cluster.state["initialized"]
            self._postgresql.start_writer(server, parameters, fresh=fresh)
        else:
            source = self._servers.source(record, cluster)
            if source is None or not self._postgresql.answers(source):
                return False
            rebuild = record.state["rebuild"]
            self._postgresql.start_reader(server, source, parameters, rebuild=rebuild)
        groups = self._servers.groups(record, cluster)

        def started(current: Record) -> None:
            current.state |= {
                "started": True,
                "rebuild": False,
                "applied": values,
                "groups": groups,
                "source": source.address if source else None,
                "group_status": "in-sync",
                "cluster_group_status": "in-sync",
            }

        self._change(record, started)
        if not cluster.state["initialized"]:
            self._change(cluster, lambda current: current.state.update(initialized=True))
        return True

    def _take_over(self, record: Record, cluster: Record) -> None:
        """Give a running server what its parameter groups, or another writer, ask for without a restart."""
        after, states = self._servers.due(record, cluster)
        source = self._servers.source(record, cluster)
        address = source.address if source else None
        follows = address is None or address == record.state.get("source")
        if after != record.state["applied"] or not follows:
            if not self._postgresql.answers(self._servers.server(record, cluster)):
                return
            parameters = self._servers.defaults(cluster) | after
            self._postgresql.reload(self._servers.server(record, cluster), parameters, source)
            self._change(record, lambda current: current.state.update(applied=after, source=address))
        if any(record.state[name] != state for name, state in states.items()):
            self._change(record, lambda current: current.state.update(states))

    def _remove(self, record: Record, cluster: Record) -> None:
        others = [each for each in self._records.instances(cluster) if each.identifier != record.identifier]
        if record.state["writer"] and others:
            staying = [each for each in others if each.status == "available"]
            if staying and not cluster.state["replicates"]:
                # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_DeleteCluster.html
                target = {"target": staying[0].identifier, "stopped": False}
                self._change(cluster, lambda current: current.state.update(failover=target))
            elif staying:
                self._change(staying[0], lambda current: current.state.update(writer=True, rebuild=True))
                self._change(record, lambda current: current.state.update(writer=False))
            return
        keep = record.state["writer"] and not cluster.state["replicates"]
        self._postgresql.remove(self._servers.server(record, cluster), keep=keep)
        self._records.delete(record)

    def _forget(self, record: Record) -> None:
        snapshot = record.state["deletion"]["snapshot"]
        if snapshot:
            self._backups.keep_final(record, snapshot)
        self._postgresql.remove_cluster(self._servers.place(record), snapshot)
        passwords.delete_secret(self._clients, record)
        self._records.delete(record)

    def _finish(self, record: Record) -> None:
        """The record is available, unless a client asked for something else meanwhile."""
        before = record.status

        def finish(current: Record) -> None:
            if current.status == before:
                current.status = "available"

        self._change(record, finish)

    def _change(self, record: Record, change: Callable[[Record], None]) -> None:
        """Apply a change to the record as it is now; a client may have changed it meanwhile."""
        self._records.change(record, change)


def _stopped(record: Record) -> None:
    record.status = "stopped"
    record.state["started"] = False


def _restarting(record: Record) -> None:
    record.state |= {"restart": False, "started": False}
