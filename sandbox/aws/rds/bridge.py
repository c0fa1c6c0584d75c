"""The bridge from Aurora's records to PostgreSQL: brings about what was asked for, step by step.

A thread goes over all records again and again. It keeps nothing in memory, so that after a restart it goes
on; what it does may be done again.
"""

import logging
import threading
from collections.abc import Callable

from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import passed
from sandbox.aws.rds.postgresql import Cluster, Instance, PostgreSQL
from sandbox.aws.rds.records import CLUSTER, Record, Records
from sandbox.settings import Settings

log = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two rounds


class Bridge:
    """Runs the servers that the records ask for."""

    def __init__(
        self, records: Records, postgresql: PostgreSQL, clients: Clients, settings: Settings
    ) -> None:
        self._records = records
        self._postgresql = postgresql
        self._clients = clients
        self._settings = settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rds-bridge", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when the round under way is over."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE):
            self.step()

    def step(self) -> None:
        """One round over everything; what fails is logged, and tried again in the next round."""
        for record in list(self._records.all(CLUSTER)):
            self._try(self._cluster, record)
            for instance in self._records.instances(record):
                self._try(self._instance, instance)

    def _try(self, advance: Callable[[Record], None], record: Record) -> None:
        try:
            advance(record)
        except Exception as error:
            log.warning("%s %s: %s (tried again)", record.kind, record.identifier, error, exc_info=True)

    def _cluster(self, record: Record) -> None:
        if record.status in ("creating", "modifying") and passed(record.done_at):
            self._finish(record)
        if record.status == "deleting" and passed(record.done_at) and not self._records.instances(record):
            self._forget(record)
        elif password := record.state["pending_password"]:
            writer = next(iter(self._records.instances(record)), None)
            if writer and writer.state.get("started") and self._postgresql.answers(self._server(writer)):
                state = record.state
                self._postgresql.set_master(
                    self._server(writer), state["username"], password, state["database"]
                )
                self._change(record, lambda current: current.state.update(pending_password=None))

    def _instance(self, record: Record) -> None:
        if record.status == "deleting":
            if passed(record.done_at):
                self._remove(record)
            return
        cluster = self._records.cluster(record)
        if cluster is None:
            return
        server, parameters = self._server(record), self._parameters(cluster)
        if not record.state.get("started") or not self._postgresql.running(server):
            if record.state["writer"]:
                self._postgresql.start_writer(server, parameters)
            else:
                writer = self._records.instances(cluster)[0]
                if not self._postgresql.answers(self._server(writer)):
                    return
                self._postgresql.start_reader(server, self._server(writer), parameters)
            self._change(record, lambda current: current.state.update(started=True))
        if (
            record.status in ("creating", "modifying")
            and passed(record.done_at)
            and self._postgresql.answers(server)
            and not cluster.state["pending_password"]
        ):
            self._finish(record)

    def _remove(self, record: Record) -> None:
        cluster = self._records.cluster(record)
        snapshot = (cluster.state["deletion"] or {}).get("snapshot") if cluster else None
        if cluster and record.state["writer"] and cluster.status != "deleting":
            # Aurora's storage is the cluster's: it outlives its last instance, so the server's data stay.
            self._postgresql.stop(self._server(record))
        else:
            self._postgresql.remove(self._server(record), snapshot if record.state["writer"] else None)
        rds = self._clients.get("rds", record.account, record.region)
        rds.delete_db_instance(DBInstanceIdentifier=record.identifier, SkipFinalSnapshot=True)
        self._records.delete(record)

    def _forget(self, record: Record) -> None:
        snapshot = record.state["deletion"]["snapshot"]
        self._postgresql.remove_cluster(Cluster(record.account, record.region, record.identifier), snapshot)
        rds = self._clients.get("rds", record.account, record.region)
        final = {"FinalDBSnapshotIdentifier": snapshot} if snapshot else {}
        rds.delete_db_cluster(DBClusterIdentifier=record.identifier, SkipFinalSnapshot=not snapshot, **final)
        if secret := record.answer.get("MasterUserSecret"):
            secrets_manager = self._clients.get("secretsmanager", record.account, record.region)
            secrets_manager.delete_secret(SecretId=secret["SecretArn"], ForceDeleteWithoutRecovery=True)
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
        with self._records.transaction():
            current = self._records.get(record.kind, record.account, record.region, record.identifier)
            if current is not None:
                change(current)
                self._records.save(current)
        change(record)

    def _server(self, record: Record) -> Instance:
        return Instance(
            Cluster(record.account, record.region, record.state["cluster"]),
            record.identifier,
            self._settings.address(record.state["host"]),
            record.state["port"],
        )

    def _parameters(self, cluster: Record) -> dict[str, str]:
        """What the cluster's parameter group sets; it takes effect when a server starts."""
        group = cluster.state["parameter_group"]
        if not group:
            return {}
        rds = self._clients.get("rds", cluster.account, cluster.region)
        answer = rds.describe_db_cluster_parameters(DBClusterParameterGroupName=group)
        return {
            each["ParameterName"]: each["ParameterValue"]
            for each in answer["Parameters"]
            if each.get("ParameterValue")
        }
