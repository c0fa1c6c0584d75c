"""The application's database user, on a real PostgreSQL whose master user is no superuser, as on RDS."""

from __future__ import annotations

import secrets
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import database_user
import psycopg
import pytest
from database_user import DatabaseUser
from pg8000.exceptions import DatabaseError, InterfaceError
from postgresql import connect
from rotation_steps import rotate

from sandbox.aws.rds.postgresql import Cluster, Instance, PostgreSQL
from sandbox.settings import Settings
from tests.unit.sandbox.aws.local_processes import LocalProcesses

from .fake_secrets_manager import SecretsManager

PATIENCE = 60  # seconds for PostgreSQL to come up on a busy machine
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
MASTER = "notejam"


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, unit_name: str, unit_index: int
) -> Iterator[tuple[PostgreSQL, Instance, Path]]:
    settings = Settings(
        name=unit_name,
        folder=tmp_path_factory.mktemp("sandbox"),
        index=unit_index,
        tier="virtual",
        notejam_port=8080,
        access_key_id="AKIAUNITTESTSUNITTES",
        secret_access_key="the-administrators-secret-key",
        git_token="the-git-token",
        time_scale=60.0,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = LocalProcesses(settings.folder)
    postgresql = PostgreSQL(settings, processes)
    instance = Instance(Cluster("123456789012", "eu-west-1", "notes"), "notes-1", "127.0.0.1", port)
    postgresql.start_writer(instance, {"log_statement": "all", "log_min_error_statement": "info"}, fresh=True)
    deadline = time.monotonic() + PATIENCE
    while not postgresql.answers(instance):
        assert time.monotonic() < deadline, "PostgreSQL did not come up"
        time.sleep(0.2)
    yield postgresql, instance, settings.folder / f"{instance.program}.log"
    processes.stop()


@dataclass
class Site:
    """A database of the server with roles of its own, and the secrets about it."""

    manager: SecretsManager
    kind: DatabaseUser
    role: str
    log: Path

    def step(self, name: str, version: str) -> None:
        rotate({"Step": name, "SecretId": "database", "ClientRequestToken": version}, self.manager, self.kind)

    def turn(self) -> dict[str, Any]:
        """The secret's value after one rotation more."""
        version = self.manager.begin("database")
        for name in STEPS:
            self.step(name, version)
        return self.manager.value("database")

    def connect(self, login: dict[str, Any]) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=login["host"],
            port=login["port"],
            dbname=login["dbname"],
            user=login["username"],
            password=login["password"],
            sslmode="require",
            autocommit=True,
        )

    def as_master(self) -> psycopg.Connection[Any]:
        return self.connect(self.manager.value("database") | self.manager.value("master"))


@pytest.fixture
def site(server: tuple[PostgreSQL, Instance, Path]) -> Site:
    postgresql, instance, log = server
    name, password = f"notes_{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    postgresql.set_master(instance, MASTER, password, name)
    manager = SecretsManager(
        database={"engine": "postgres", "host": instance.address, "port": instance.port, "dbname": name},
        master={"username": MASTER, "password": password},
    )
    return Site(manager, DatabaseUser(name, "master"), name, log)


def test_a_new_database_gets_the_applications_user(site: Site) -> None:
    value = site.turn()
    assert value["username"] == f"{site.role}_a"
    assert {"engine", "host", "port", "dbname"} < value.keys()
    with site.connect(value) as user:
        assert user.execute("SELECT session_user, current_user").fetchone() == (value["username"], site.role)
        user.execute("CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY, text text)")
        owner = user.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'note'").fetchone()
        assert owner == (site.role,)
        rights = user.execute(
            "SELECT rolname, rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls OR rolreplication"
            " FROM pg_roles WHERE rolname LIKE %s",
            (f"{site.role}%",),
        ).fetchall()
        assert dict(rights) == {site.role: False, f"{site.role}_a": False}


def test_nobody_signs_in_as_the_owner_itself(site: Site) -> None:
    value = site.turn()
    with pytest.raises(psycopg.OperationalError):
        site.connect(value | {"username": site.role})


def test_the_users_take_turns_and_the_one_before_still_serves(site: Site) -> None:
    values = [site.turn() for _ in range(3)]
    assert [value["username"] for value in values] == [f"{site.role}_{turn}" for turn in "aba"]
    assert len({value["password"] for value in values}) == 3
    for valid in values[1:]:
        site.connect(valid).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        site.connect(values[0])
    with site.connect(values[1]) as before, site.connect(values[2]) as after:
        before.execute("CREATE TABLE note (text text)")
        after.execute("ALTER TABLE note ADD COLUMN pad text")


@pytest.mark.parametrize("done", range(len(STEPS) + 1))
def test_a_crash_after_any_step_locks_nobody_out(site: Site, done: int) -> None:
    """All four steps again, as Secrets Manager does; what is current signs in at any time."""
    current = site.turn()
    version = site.manager.begin("database")
    for name in (*STEPS[:done], *STEPS):
        site.step(name, version)
        site.connect(current).close()
        site.connect(site.manager.value("database")).close()
    assert site.manager.value("database")["username"] != current["username"]


def test_a_crash_in_the_middle_of_a_step_leaves_nothing_half_done(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise ConnectionResetError

    version = site.manager.begin("database")
    site.step("createSecret", version)
    with monkeypatch.context() as patch:
        patch.setattr(database_user, "take_over", crash)
        with pytest.raises(ConnectionResetError):
            site.step("setSecret", version)
    with site.as_master() as master:
        left = master.execute("SELECT FROM pg_roles WHERE rolname LIKE %s", (f"{site.role}%",))
        assert left.fetchall() == []
    for name in STEPS:
        site.step(name, version)
    site.connect(site.manager.value("database")).close()


def test_what_the_master_user_had_made_is_taken_over(site: Site) -> None:
    with site.as_master() as master:
        master.execute("CREATE SCHEMA archive")
        master.execute("CREATE TABLE note (id int GENERATED BY DEFAULT AS IDENTITY, old serial, text text)")
        master.execute("CREATE TABLE archive.note (text text) PARTITION BY LIST (text)")
        master.execute("CREATE TABLE archive.part PARTITION OF archive.note FOR VALUES IN ('a')")
        master.execute("CREATE VIEW notes AS SELECT text FROM note")
        master.execute("CREATE SEQUENCE loose")
        master.execute("INSERT INTO note (text) VALUES ('kept')")
    value = site.turn()
    with site.connect(value) as user:
        owners = user.execute(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace::regnamespace::text"
            " IN ('public', 'archive')"
        ).fetchall()
        assert owners == [(site.role,)]
        user.execute("ALTER TABLE note ADD COLUMN pad text")
        user.execute("INSERT INTO note (text) VALUES ('added')")
        assert user.execute("SELECT text FROM notes ORDER BY 1").fetchall() == [("added",), ("kept",)]
    with site.as_master() as master:  # who still serves from before
        master.execute("INSERT INTO note (text) VALUES ('meanwhile')")


def test_only_the_database_of_the_application_is_taken_over(site: Site) -> None:
    other = f"{site.role}_other"
    with site.as_master() as master:
        master.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(other)))
    site.turn()
    with site.as_master() as master:
        owners = master.execute(
            "SELECT datname, pg_get_userbyid(datdba) FROM pg_database WHERE datname LIKE %s",
            (f"{site.role}%",),
        ).fetchall()
    assert dict(owners) == {site.role: site.role, other: MASTER}


def test_a_table_in_use_puts_the_rotation_off_and_changes_nothing(site: Site) -> None:
    version = site.manager.begin("database")
    site.step("createSecret", version)
    with site.as_master() as master:
        master.execute("CREATE TABLE note (text text)")
        master.execute("BEGIN")
        master.execute("LOCK TABLE note IN ACCESS SHARE MODE")
        with pytest.raises(DatabaseError) as refused:
            site.step("setSecret", version)
        assert refused.value.args[0]["C"] == "55P03"  # lock_not_available
    for name in STEPS:
        site.step(name, version)


def test_testing_needs_the_role_and_its_rights(site: Site) -> None:
    value = site.turn()
    user, role = psycopg.sql.Identifier(value["username"]), psycopg.sql.Identifier(site.role)
    with site.as_master() as master:
        master.execute(psycopg.sql.SQL("ALTER ROLE {} RESET role").format(user))
    with pytest.raises(ValueError, match=f"acts as {value['username']}, not as {site.role}"):
        site.kind.test(value, site.manager)
    with site.as_master() as master:
        master.execute(psycopg.sql.SQL("ALTER ROLE {} SET role = {}").format(user, role))
        master.execute(psycopg.sql.SQL("ALTER DATABASE {} OWNER TO CURRENT_USER").format(role))
    with pytest.raises(ValueError, match="may not create tables"):
        site.kind.test(value, site.manager)
    assert site.turn()["username"] == f"{site.role}_b"  # which sets both right


def test_a_user_of_somebody_else_is_not_given_a_password(site: Site) -> None:
    pending = site.manager.value("database") | {"username": MASTER, "password": "x" * 40}
    with pytest.raises(ValueError, match=f"The user {MASTER} is none of"):
        site.kind.set(pending, site.manager)
    site.as_master().close()


def test_no_password_is_in_the_servers_log(site: Site) -> None:
    values = [site.turn(), site.turn()]
    logged = site.log.read_text()
    assert f'CREATE ROLE "{site.role}_a"' in logged or f"CREATE ROLE {site.role}_a" in logged
    for value in (*values, site.manager.value("master")):
        assert value["password"] not in logged


def test_a_password_is_not_given_to_whoever_asks_for_it(site: Site) -> None:
    """A server in between could ask for the password itself; by SCRAM it is proven and stays here."""
    master = site.manager.value("master")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    data = next(site.log.parent.glob("postgres/**/server.crt")).parent
    context.load_cert_chain(data / "server.crt", data / "server.key")
    heard = []

    def impostor(listening: socket.socket) -> None:
        client, _ = listening.accept()
        client.recv(8)  # the request for TLS
        client.sendall(b"S")
        with context.wrap_socket(client, server_side=True) as encrypted:
            encrypted.recv(4096)  # who wants to sign in
            encrypted.sendall(b"R" + struct.pack("!ii", 8, 3))  # AuthenticationCleartextPassword
            heard.append(encrypted.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=impostor, args=(listening,), daemon=True)
        thread.start()
        with pytest.raises(ValueError, match="other than SCRAM"):
            connect("127.0.0.1", listening.getsockname()[1], site.role, MASTER, master["password"])
        thread.join(PATIENCE)
    assert heard
    assert master["password"].encode() not in heard[0]


def test_a_server_without_tls_is_refused(site: Site) -> None:
    def plain(listening: socket.socket) -> None:
        client, _ = listening.accept()
        with client:
            client.recv(8)
            client.sendall(b"N")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=plain, args=(listening,), daemon=True).start()
        with pytest.raises(InterfaceError, match="refuses SSL"):
            connect("127.0.0.1", listening.getsockname()[1], site.role, MASTER, "x")
