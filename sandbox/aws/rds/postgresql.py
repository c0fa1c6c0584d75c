"""The PostgreSQL servers behind Aurora's instances: the writer, and hot standbys that stream from it.

Source: https://www.postgresql.org/docs/current/high-availability.html
"""

import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from sandbox.aws.rds.server_parameters import understood
from sandbox.aws.rds.server_user import as_postgres, give
from sandbox.errors import SandboxError
from sandbox.kubernetes.pki import SERVER, Leaf, Pki
from sandbox.machine.packages import postgresql_bin
from sandbox.processes import ALIVE, Processes, Program
from sandbox.settings import Settings

SUPERUSER = "rdsadmin"  # the user that RDS keeps for itself
MASTER_ROLE = "rds_superuser"
AUTHORITY = "rds-ca"
INIT_SECONDS = 120
SEGMENT_MEGABYTES = 1  # a segment of the log: whatever little there is, a whole one is archived
STORAGE = "storage"  # folder of a cluster's data while no instance has them
RECOVERY = "recovery.settings"  # beside the data: how they are to be brought to a point in time
# What an instance costs here: the notes of one person, not of a conference.
SMALL = {
    "shared_buffers": "24MB",
    "max_connections": "60",
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
    "wal_keep_size": "32MB",
    "jit": "off",
    "max_wal_senders": "20",
}


@dataclass(frozen=True)
class Cluster:
    """Whose database it is: the name is unique in one region of one account."""

    account: str
    region: str
    identifier: str

    def folder(self, name: str = "") -> Path:
        """Relative to that of all databases, the folder of the cluster, or of `name` of its region."""
        return Path(self.account, self.region, name or self.identifier)


@dataclass(frozen=True)
class Instance:
    """A server: its cluster and its name in it, its own address, and the endpoints it answers for."""

    cluster: Cluster
    identifier: str
    address: str
    port: int
    endpoints: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # all that its certificate is for

    @property
    def program(self) -> str:
        # Identifiers are an account's in a region; addresses are the sandbox's.
        return f"postgresql-{self.identifier}-{self.address.rpartition('.')[2]}"


class PostgreSQL:
    """The servers of one sandbox. Methods raise SandboxError when PostgreSQL itself refuses."""

    def __init__(self, settings: Settings, processes: Processes) -> None:
        self._settings = settings
        self._processes = processes
        self._folder = settings.folder / "postgres"

    @property
    def authority(self) -> Path:
        """The certificate of the authority that signs every server's: what AWS's global bundle is there."""
        return Pki(self._settings).certificate(AUTHORITY)

    def start_writer(self, instance: Instance, parameters: Mapping[str, str], *, fresh: bool) -> None:
        """Have the cluster's writer running, on the cluster's data; on empty ones where it is `fresh`."""
        data, storage = self._data(instance), self.storage(instance.cluster)
        if not (data / "ready").exists():
            self._clear(instance)
            if (storage / "ready").exists():
                storage.rename(data)
            elif fresh:
                options = ["--username", SUPERUSER, "--auth-local", "trust", "--auth-host", "scram-sha-256"]
                size = ["--wal-segsize", str(SEGMENT_MEGABYTES)]
                self._run("initdb", "--pgdata", str(data), "--encoding", "UTF8", "--no-sync", *size, *options)
                self._mark(data)
            else:
                raise SandboxError(f"The data of {instance.cluster.identifier} are gone: {storage}")
        self._configure(instance, parameters, None)
        self._start(instance)

    def start_reader(
        self, instance: Instance, source: Instance, parameters: Mapping[str, str], *, rebuild: bool = False
    ) -> None:
        """Have a standby of the source running. Raises SandboxError while the source does not answer."""
        data = self._data(instance)
        if rebuild:
            self.stop(instance)
        if rebuild or not (data / "ready").exists():
            self._clear(instance)
            self.base_backup(source, data)
        (data / "standby.signal").touch()
        give(data / "standby.signal")
        self._configure(instance, parameters, source)
        self._start(instance)

    def reload(self, instance: Instance, parameters: Mapping[str, str], source: Instance | None) -> None:
        """Have a running server take over what needs no restart."""
        self._configure(instance, parameters, source)
        with self._connect(instance) as connection:
            connection.execute("SELECT pg_reload_conf()")

    def base_backup(self, source: Instance, folder: Path) -> None:
        """Copy the data of a running server to a folder, whole, or not at all."""
        begun = folder.with_name(f"{folder.name}.begun")
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(parents=True, mode=0o700)  # PostgreSQL refuses data that others may read
        give(begun)
        place = ["--host", str(self._socket_folder(source)), "--port", str(source.port)]
        options = ["--wal-method", "stream", "--checkpoint", "fast", "--no-sync"]
        self._run("pg_basebackup", "--pgdata", str(begun), "--username", SUPERUSER, *place, *options)
        for left in ("standby.signal", RECOVERY):  # the source's own
            (begun / left).unlink(missing_ok=True)
        self._mark(begun)
        self._replace(folder, begun)

    @staticmethod
    def signal_recovery(data: Path) -> None:
        """Have the next start on these data bring them to where their recovery settings say."""
        (data / "recovery.signal").touch()
        give(data / "recovery.signal")

    def copy(self, source: Path, folder: Path) -> None:
        """Copy data that no server runs on, whole, or not at all."""
        begun = folder.with_name(f"{folder.name}.begun")
        shutil.rmtree(begun, ignore_errors=True)
        begun.parent.mkdir(parents=True, exist_ok=True)
        self._copy_tree(source, begun)
        self._replace(folder, begun)

    @staticmethod
    def _replace(folder: Path, begun: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        begun.rename(folder)

    @staticmethod
    def _copy_tree(source: Path, target: Path) -> None:
        """`cp` keeps owners and modes, which PostgreSQL insists on."""
        subprocess.run(["cp", "--archive", "--reflink=auto", str(source), str(target)], check=True)

    def promote(self, instance: Instance) -> None:
        """Make a running standby a writer of its own; nothing happens to one that is."""
        if self.is_standby(instance):
            with self._connect(instance) as connection:
                connection.execute("SELECT pg_promote(true, 60)")

    def recovering(self, instance: Instance) -> bool:
        """Whether the server reads a log, and takes no writes yet."""
        with self._connect(instance) as connection:
            row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
        return bool(row and row[0])

    def is_standby(self, instance: Instance) -> bool:
        return (self._data(instance) / "standby.signal").exists()  # PostgreSQL removes it when it is promoted

    def archived(self, instance: Instance) -> str:
        """Have all that was committed so far in the archive; returns the name of its last segment.

        The transaction at the end has a time that is later than that of any point one may ask for.
        """
        with self._connect(instance) as connection:
            connection.execute("SELECT txid_current()")
            row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        return str(row[0]) if row else ""

    def follows(self, reader: Instance, writer: Instance) -> bool:
        """Whether the reader has all that the writer has written so far."""
        with self._connect(writer) as connection:
            row = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        with self._connect(reader) as connection:
            caught_up = connection.execute(
                "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (row[0] if row else "0/0",)
            ).fetchone()
        return bool(caught_up and caught_up[0])

    def storage(self, cluster: Cluster) -> Path:
        """Where the cluster's data are while no instance has them."""
        return self._folder / cluster.folder() / STORAGE

    def archive(self, cluster: Cluster) -> Path:
        """Folder of the cluster's point-in-time recovery: `base`, and the log since in `log`."""
        return self._folder / cluster.folder() / "archive"

    def snapshot(self, cluster: Cluster, name: str) -> Path:
        """Folder of a snapshot's data, in the cluster's account and region."""
        return self._folder / "snapshots" / cluster.folder(name)

    def answers(self, instance: Instance) -> bool:
        """Whether the server takes connections."""
        try:
            with self._connect(instance):
                return True
        except psycopg.OperationalError:
            return False

    def set_master(self, instance: Instance, username: str, password: str, database: str | None) -> None:
        """Have the master user with this password, and the cluster's first database.

        What the master may do:
        https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html
        """
        master, role = sql.Identifier(username), sql.Identifier(MASTER_ROLE)
        with self._connect(instance) as connection:
            # Made here, so that the password itself never leaves this process.
            verifier = connection.pgconn.encrypt_password(
                password.encode(), username.encode(), b"scram-sha-256"
            ).decode()
            if not self._exists(connection, "pg_roles", "rolname", MASTER_ROLE):
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
                for given in ("pg_monitor", "pg_signal_backend", "pg_checkpoint"):
                    connection.execute(
                        sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(sql.Identifier(given), role)
                    )
            if not self._exists(connection, "pg_roles", "rolname", username):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(master))
                connection.execute(sql.SQL("GRANT {} TO {}").format(role, master))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(master, sql.Literal(verifier)))
            if database and not self._exists(connection, "pg_database", "datname", database):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), master)
                )

    def stop(self, instance: Instance) -> None:
        """Stop the server; its data stay."""
        self._processes.remove(instance.program)

    def remove(self, instance: Instance, *, keep: bool) -> None:
        """Stop the server and remove its data, or keep them as the cluster's."""
        self.stop(instance)
        data = self._data(instance)
        if keep and (data / "ready").exists():
            self._replace(self.storage(instance.cluster), data)
        shutil.rmtree(self._home(instance), ignore_errors=True)

    def remove_cluster(self, cluster: Cluster, keep_as: str | None = None) -> None:
        """Remove what is left of a cluster without instances, or keep its data as that snapshot."""
        storage = self.storage(cluster)
        if keep_as and storage.exists():
            snapshot = self.snapshot(cluster, keep_as)
            snapshot.parent.mkdir(parents=True, exist_ok=True)
            self._replace(snapshot, storage)
        shutil.rmtree(self._folder / cluster.folder(), ignore_errors=True)

    def _home(self, instance: Instance) -> Path:
        return self._folder / instance.cluster.folder() / instance.identifier

    def _data(self, instance: Instance) -> Path:
        return self._home(instance) / "data"

    def _socket_folder(self, instance: Instance) -> Path:
        return self._settings.socket(f"pg-{instance.address}/.s.PGSQL.{instance.port}").parent

    def _clear(self, instance: Instance) -> None:
        """An empty home for the server's data, whatever a killed attempt left of it."""
        shutil.rmtree(self._data(instance), ignore_errors=True)
        home = self._home(instance)
        home.mkdir(parents=True, exist_ok=True)
        give(home)

    @staticmethod
    def _mark(data: Path) -> None:
        (data / "ready").touch()

    def _configure(self, instance: Instance, parameters: Mapping[str, str], source: Instance | None) -> None:
        data, sockets = self._data(instance), self._socket_folder(instance)
        sockets.mkdir(parents=True, mode=0o700, exist_ok=True)
        give(sockets)
        certificate, key = self._certificate(instance)
        log = self.archive(instance.cluster) / "log"
        log.mkdir(parents=True, exist_ok=True)
        give(log)
        kept = shlex.quote(str(log))
        values = {
            **SMALL,
            **understood(parameters),
            "listen_addresses": ",".join((instance.address, *instance.endpoints)),
            "port": str(instance.port),
            "unix_socket_directories": str(sockets),
            "ssl": "on",
            "ssl_cert_file": str(certificate),
            "ssl_key_file": str(key),
            "password_encryption": "scram-sha-256",
            "hot_standby": "on",
            "log_destination": "stderr",
            "wal_level": "logical" if parameters.get("rds.logical_replication") == "1" else "replica",
            "archive_mode": "on",
            # Whole or not at all, and again after a kill; what fails is tried again by PostgreSQL itself.
            "archive_command": f"cp %p {kept}/%f.begun && mv {kept}/%f.begun {kept}/%f",
            "primary_conninfo": self._conninfo(source) if source else "",
            "recovery_target_timeline": "latest",
            **self._recovery(data),
        }
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in values.items()]
        (data / "postgresql.auto.settings").write_text("\n".join(lines) + "\n")
        main = data / "postgresql.conf"
        include = "include = 'postgresql.auto.settings'\n"
        if include not in main.read_text():
            main.write_text(main.read_text() + include)
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
        kind = "host" if parameters.get("rds.force_ssl", "1") == "0" else "hostssl"
        (data / "pg_hba.conf").write_text(
            f"local all {SUPERUSER} trust\n"
            f"local replication {SUPERUSER} trust\n"
            f"host all {SUPERUSER} all reject\n"
            f"{kind} all all all scram-sha-256\n"
        )

    def _conninfo(self, source: Instance) -> str:
        return f"host={self._socket_folder(source)} port={source.port} user={SUPERUSER}"

    @staticmethod
    def _recovery(data: Path) -> dict[str, str]:
        """How data that were restored get to their point in time; it holds for their first start only."""
        if not (data / "recovery.signal").exists():
            return {}
        lines = (data / RECOVERY).read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def _certificate(self, instance: Instance) -> tuple[Path, Path]:
        pki, name = Pki(self._settings), f"rds-{instance.address}"
        pki.ensure_authority(AUTHORITY, "Sandbox RDS")
        pki.ensure(
            Leaf(
                name,
                instance.identifier,
                usages=(SERVER,),
                alternatives=(instance.address, *instance.names),
                authority=AUTHORITY,
            )
        )
        copies = []
        for source in (pki.certificate(name), pki.key(name)):
            copy = self._data(instance) / f"server{source.suffix}"
            shutil.copyfile(source, copy)
            copy.chmod(0o600)
            give(copy)
            copies.append(copy)
        return copies[0], copies[1]

    def _start(self, instance: Instance) -> None:
        command = [str(postgresql_bin() / "postgres"), "-D", str(self._data(instance))]
        # The interrupt signal is PostgreSQL's fast shutdown: it waits for no client.
        self._processes.ensure(
            Program(
                instance.program, [*as_postgres(), *command], stop_signal="INT", stop_wait=20, priority=300
            )
        )

    def _run(self, program: str, *arguments: str) -> None:
        command = [*as_postgres(), str(postgresql_bin() / program), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=INIT_SECONDS, cwd="/", check=False
        )
        if done.returncode:
            raise SandboxError(f"{program} ended with {done.returncode}: {done.stderr.strip()}")

    def _connect(self, instance: Instance) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self._socket_folder(instance)),
            port=instance.port,
            user=SUPERUSER,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
            options="-c log_statement=none",  # not even a password's verifier belongs in a log
        )

    @staticmethod
    def _exists(
        connection: "psycopg.Connection[tuple[object, ...]]", catalog: str, column: str, name: str
    ) -> bool:
        query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
            sql.Identifier(catalog), sql.Identifier(column)
        )
        return connection.execute(query, (name,)).fetchone() is not None

    def running(self, instance: Instance) -> bool:
        return self._processes.state(instance.program) in ALIVE
