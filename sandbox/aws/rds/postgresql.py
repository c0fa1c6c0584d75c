"""The PostgreSQL servers behind Aurora's instances: the writer, and hot standbys that stream from it.

Source: https://www.postgresql.org/docs/current/high-availability.html
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from sandbox.errors import SandboxError
from sandbox.kubernetes.pki import SERVER, Leaf, Pki
from sandbox.machine.packages import postgresql_bin
from sandbox.processes import ALIVE, Processes, Program
from sandbox.settings import Settings

SUPERUSER = "rdsadmin"  # the user that RDS keeps for itself
MASTER_ROLE = "rds_superuser"
AUTHORITY = "rds-ca"
USER = "postgres"  # PostgreSQL refuses to run as root
INIT_SECONDS = 120
# What an instance costs here: the notes of one person, not of a conference.
SMALL = {
    "shared_buffers": "24MB",
    "max_connections": "60",
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
    "wal_keep_size": "32MB",
    "jit": "off",
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
    """A server: its cluster and its name in it, and the address and port that it listens on."""

    cluster: Cluster
    identifier: str
    address: str
    port: int

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

    def start_writer(self, instance: Instance, parameters: Mapping[str, str]) -> None:
        """Have the cluster's writer running, with an empty database when there is none yet."""
        data = self._data(instance)
        if not (data / "ready").exists():
            self._clear(instance)
            options = ["--username", SUPERUSER, "--auth-local", "trust", "--auth-host", "scram-sha-256"]
            self._run("initdb", "--pgdata", str(data), "--encoding", "UTF8", "--no-sync", *options)
            self._mark(data)
        self._configure(instance, parameters)
        self._start(instance)

    def start_reader(self, instance: Instance, writer: Instance, parameters: Mapping[str, str]) -> None:
        """Have a standby of the writer running. Raises SandboxError while the writer does not answer."""
        data = self._data(instance)
        if not (data / "ready").exists():
            self._clear(instance)
            source = ["--host", str(self._socket_folder(writer)), "--port", str(writer.port)]
            copy = ["--write-recovery-conf", "--wal-method", "stream", "--checkpoint", "fast", "--no-sync"]
            self._run("pg_basebackup", "--pgdata", str(data), "--username", SUPERUSER, *source, *copy)
            (data / "ready").unlink(missing_ok=True)  # the writer's, copied with everything else
            self._mark(data)
        self._configure(instance, parameters)
        self._start(instance)

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

    def remove(self, instance: Instance, keep_as: str | None = None) -> None:
        """Stop the server and remove its data, or keep them as the snapshot of that name."""
        self.stop(instance)
        self._keep(instance.cluster, self._data(instance), keep_as)
        shutil.rmtree(self._home(instance), ignore_errors=True)

    def remove_cluster(self, cluster: Cluster, keep_as: str | None = None) -> None:
        """Remove what is left of a cluster without instances, or keep its data as that snapshot."""
        home = self._folder / cluster.folder()
        for data in home.glob("*/data"):
            self._keep(cluster, data, keep_as)
        shutil.rmtree(home, ignore_errors=True)

    def _keep(self, cluster: Cluster, data: Path, snapshot: str | None) -> None:
        if snapshot and data.exists():
            kept = self._folder / "snapshots" / cluster.folder(snapshot)
            kept.parent.mkdir(parents=True, exist_ok=True)
            data.rename(kept)

    def _home(self, instance: Instance) -> Path:
        return self._folder / instance.cluster.folder() / instance.identifier

    def _data(self, instance: Instance) -> Path:
        return self._home(instance) / "data"

    def _socket_folder(self, instance: Instance) -> Path:
        return self._settings.socket(f"pg-{instance.address}")

    def _clear(self, instance: Instance) -> None:
        """An empty home for the server's data, whatever a killed attempt left of it."""
        shutil.rmtree(self._data(instance), ignore_errors=True)
        home = self._home(instance)
        home.mkdir(parents=True, exist_ok=True)
        _give(home)

    @staticmethod
    def _mark(data: Path) -> None:
        (data / "ready").touch()

    def _configure(self, instance: Instance, parameters: Mapping[str, str]) -> None:
        data, sockets = self._data(instance), self._socket_folder(instance)
        sockets.mkdir(parents=True, mode=0o700, exist_ok=True)
        _give(sockets)
        certificate, key = self._certificate(instance)
        known = {name: value for name, value in parameters.items() if not name.startswith("rds.")}
        values = {
            **SMALL,
            **known,
            "listen_addresses": instance.address,
            "port": str(instance.port),
            "unix_socket_directories": str(sockets),
            "ssl": "on",
            "ssl_cert_file": str(certificate),
            "ssl_key_file": str(key),
            "password_encryption": "scram-sha-256",
            "hot_standby": "on",
            "log_destination": "stderr",
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

    def _certificate(self, instance: Instance) -> tuple[Path, Path]:
        pki, name = Pki(self._settings), f"rds-{instance.address}"
        pki.ensure_authority(AUTHORITY, "Sandbox RDS")
        pki.ensure(
            Leaf(
                name,
                instance.identifier,
                usages=(SERVER,),
                alternatives=(instance.address,),
                authority=AUTHORITY,
            )
        )
        copies = []
        for source in (pki.certificate(name), pki.key(name)):
            copy = self._data(instance) / f"server{source.suffix}"
            shutil.copyfile(source, copy)
            copy.chmod(0o600)
            _give(copy)
            copies.append(copy)
        return copies[0], copies[1]

    def _start(self, instance: Instance) -> None:
        command = [str(postgresql_bin() / "postgres"), "-D", str(self._data(instance))]
        # The interrupt signal is PostgreSQL's fast shutdown: it waits for no client.
        self._processes.ensure(
            Program(
                instance.program, [*_as_postgres(), *command], stop_signal="INT", stop_wait=20, priority=300
            )
        )

    def _run(self, program: str, *arguments: str) -> None:
        command = [*_as_postgres(), str(postgresql_bin() / program), *arguments]
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


def new_password() -> str:
    """As RDS makes them: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html"""
    return secrets.token_urlsafe(24)


def _as_postgres() -> list[str]:
    """How a root becomes PostgreSQL's user, who may enter folders that are root's own, and write none of
    them.
    """
    if os.getuid():
        return []
    capability = "-all,+dac_read_search"
    return [
        "setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--pdeathsig", "KILL",
        "--inh-caps", capability, "--ambient-caps", capability, "--",
    ]  # fmt: skip


def _give(path: Path) -> None:
    """Make the file or folder PostgreSQL's own."""
    if not os.getuid():
        shutil.chown(path, USER, USER)
