"""The data of snapshots, of restored clusters, and of point-in-time recovery.

Source: https://www.postgresql.org/docs/current/continuous-archiving.html
"""

import datetime
import shlex
import shutil
from pathlib import Path

from sandbox.aws import clock
from sandbox.aws.creation_times import passed
from sandbox.aws.rds.postgresql import RECOVERY, Cluster, Instance, PostgreSQL
from sandbox.aws.rds.records import CLUSTER, SNAPSHOT, Record, Records
from sandbox.aws.rds.servers import Servers
from sandbox.aws.rds.snapshots import Snapshots

MOST_LOG = 512 * 1024**2  # bytes of log that are kept, before a restore would take too long


class Backups:
    """Brings snapshots and restored clusters on; what a kill interrupts is begun again."""

    def __init__(self, records: Records, postgresql: PostgreSQL, servers: Servers) -> None:
        self._records = records
        self._postgresql = postgresql
        self._servers = servers

    def advance(self, record: Record) -> None:
        """One step of a snapshot."""
        folder = self._folder(record)
        if record.status == "deleting":
            shutil.rmtree(folder, ignore_errors=True)
            self._records.delete(record)
            return
        if not record.state["taken"] and (record.state["empty"] or self._take(record, folder)):
            self._records.change(record, lambda current: current.state.update(taken=True))
        if record.state["taken"] and record.status in ("creating", "copying") and passed(record.done_at):
            self._records.change(record, lambda current: setattr(current, "status", "available"))

    def _take(self, record: Record, folder: Path) -> bool:
        """Put the snapshot's data into its folder; returns whether that could be done yet."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        if source := record.state["source"]:
            region, _, name = source.partition("/")
            place = Cluster(record.account, region, "")
            self._postgresql.copy(self._postgresql.snapshot(place, name), folder)
            return True
        cluster = self._records.get(CLUSTER, record.account, record.region, record.state["cluster"])
        if cluster is None:
            return folder.exists()
        writer = self._records.writer(cluster)
        if writer is None:
            self._postgresql.copy(self._postgresql.storage(self._servers.place(cluster)), folder)
            return True
        server = self._servers.server(writer, cluster)
        if not writer.state["started"] or not self._postgresql.answers(server):
            return False
        self._postgresql.base_backup(server, folder)
        return True

    def keep_final(self, cluster: Record, name: str) -> None:
        """Record the snapshot that a cluster leaves behind, whose data are there in a moment."""
        if self._records.get(SNAPSHOT, cluster.account, cluster.region, name):
            return
        snapshot = Snapshots.of_cluster(cluster, name, [], cluster.state["deletion"].get("vpc"))
        snapshot.status = "available"
        snapshot.state["taken"] = True
        self._records.save(snapshot)

    def restore(self, cluster: Record) -> bool:
        """Lay a new cluster's data ready; returns whether they are."""
        wanted = cluster.state["restore"]
        storage = self._postgresql.storage(self._servers.place(cluster))
        storage.parent.mkdir(parents=True, exist_ok=True)
        if name := wanted.get("snapshot"):
            place = Cluster(cluster.account, cluster.region, "")
            self._postgresql.copy(self._postgresql.snapshot(place, name), storage)
        elif not self._to_point_in_time(cluster, storage):
            return False
        self._records.change(cluster, lambda current: current.state.update(restore=None))
        return True

    def _to_point_in_time(self, cluster: Record, storage: Path) -> bool:
        """Lay the base and the log since ready; the first start of a server goes through the log."""
        wanted = cluster.state["restore"]
        source = self._records.get(CLUSTER, cluster.account, cluster.region, wanted["cluster"])
        if source is None:
            return False
        archive = self._postgresql.archive(self._servers.place(source))
        if wanted["segment"] is None and not self._switch(cluster, source):
            return False
        segment = cluster.state["restore"]["segment"]
        if segment and not (archive / "log" / segment).exists():
            return False
        own = storage.with_name("restored-log")
        shutil.rmtree(own, ignore_errors=True)
        # Segments never change once they are archived, so that a second name costs nothing.
        own.mkdir()
        for each in _segments(archive / "log"):
            (own / each.name).hardlink_to(each)
        self._postgresql.copy(archive / "base", storage)
        recovery = {
            "restore_command": f"cp {shlex.quote(str(own))}/%f %p",
            "recovery_target_action": "promote",
        }
        if moment := wanted["moment"]:
            when = datetime.datetime.fromtimestamp(moment, tz=datetime.UTC)
            recovery["recovery_target_time"] = when.isoformat()
        (storage / RECOVERY).write_text("".join(f"{key}={value}\n" for key, value in recovery.items()))
        self._postgresql.signal_recovery(storage)
        return True

    def _switch(self, cluster: Record, source: Record) -> bool:
        """Have the source's log archived up to now; returns whether that could be done."""
        writer = self._records.writer(source)
        segment = ""  # without a server, nothing has been written since the last one stopped
        if writer is not None:
            server = self._servers.server(writer, source)
            if not writer.state["started"] or not self._postgresql.answers(server):
                return False
            segment = self._postgresql.archived(server)

        def switched(current: Record) -> None:
            current.state["restore"]["segment"] = segment

        self._records.change(cluster, switched)
        return True

    def needs_base(self, cluster: Record, server: Instance) -> bool:
        """Whether there is nothing yet that a point in time is reached from, or the log since is long."""
        log = self._postgresql.archive(server.cluster) / "log"
        return not cluster.state["based_at"] or _size(log) >= MOST_LOG

    def base(self, server: Instance) -> float:
        """Take the base that a point in time is reached from; returns when, in seconds since the epoch."""
        archive = self._postgresql.archive(server.cluster)
        begun = datetime.datetime.now(tz=datetime.UTC).timestamp()
        self._postgresql.base_backup(server, archive / "base")
        for segment in _segments(archive / "log"):
            if segment.stat().st_mtime < begun:
                segment.unlink()
        return clock.now()

    def _folder(self, record: Record) -> Path:
        return self._postgresql.snapshot(Cluster(record.account, record.region, ""), record.identifier)


def _segments(log: Path) -> list[Path]:
    """What has been archived, without what just is."""
    return [each for each in log.iterdir() if each.suffix != ".begun"] if log.exists() else []


def _size(log: Path) -> int:
    return sum(each.stat().st_size for each in _segments(log))
