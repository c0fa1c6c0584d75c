"""What a rotation does in PostgreSQL. No statement holds a password, so no log of the server can."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import struct
from typing import Any

from pg8000.native import Connection as Pg8000
from pg8000.native import identifier, literal

TIMEOUT = 10  # seconds
# Authentication is over, and the three messages of SASL, by which Aurora takes passwords since version 14:
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/PostgreSQL_Password_Encryption_configuration.html
SASL = frozenset({0, 10, 11, 12})
ITERATIONS = 4096  # PostgreSQL's own default

OWN_DATABASE = """
SELECT datname FROM pg_database
WHERE datname = current_database() AND pg_get_userbyid(datdba) = current_user
"""
OWN_SCHEMAS = """
SELECT nspname FROM pg_namespace
WHERE pg_get_userbyid(nspowner) = current_user AND nspname NOT LIKE 'pg\\_%'
ORDER BY nspname
"""
# A sequence of a column goes with its table, and what an extension made stays the extension's.
OWN_RELATIONS = """
SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE pg_get_userbyid(relowner) = current_user AND nspname NOT LIKE 'pg\\_%'
  AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  AND NOT EXISTS (
    SELECT FROM pg_depend
    WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
      AND (deptype = 'e' OR relkind = 'S' AND deptype IN ('a', 'i')))
ORDER BY nspname, relname
"""


class Connection(Pg8000):
    """A connection over TLS that proves the password to the server and never sends it.

    By SCRAM the server proves that it knows the password, too, and by channel binding that nobody is between:
    https://www.postgresql.org/docs/current/sasl-authentication.html#SASL-SCRAM-SHA-256
    """

    def handle_AUTHENTICATION_REQUEST(self, data: bytes, context: Any) -> None:
        (asked,) = struct.unpack_from("!i", data)
        if asked not in SASL:
            raise ValueError("The server asks for the password by a way other than SCRAM.")
        super().handle_AUTHENTICATION_REQUEST(data, context)


def connect(host: str, port: int, database: str, user: str, password: str) -> Connection:
    """Raises pg8000's InterfaceError for a server without TLS, and its DatabaseError for a wrong password."""
    return Connection(
        user,
        host=host,
        port=port,
        database=database,
        password=password,
        ssl_context=True,
        timeout=TIMEOUT,
        application_name="rotation",
    )


def give_user(master: Connection, role: str, user: str, password: str) -> None:
    """Have the user, with this password, and the role as which it acts, as the master user may, too."""
    if not _exists(master, role):
        master.run(f"CREATE ROLE {identifier(role)} NOLOGIN")
    # Who makes a role may only give it away by that: https://www.postgresql.org/docs/current/role-attributes.html
    master.run(f"GRANT {identifier(role)} TO CURRENT_USER")
    if not _exists(master, user):
        master.run(f"CREATE ROLE {identifier(user)}")
    master.run(f"GRANT {identifier(role)} TO {identifier(user)}")
    master.run(f"ALTER ROLE {identifier(user)} SET role = {identifier(role)}")
    master.run(f"ALTER ROLE {identifier(user)} LOGIN PASSWORD {literal(verifier(password))}")


def take_over(master: Connection, role: str, database: str) -> None:
    """Give the role the database and what migrations make, where the master user still owns them."""
    owner = identifier(role)
    if master.run(OWN_DATABASE):
        # Its owner may create in the schema `public`: https://www.postgresql.org/docs/current/ddl-schemas.html
        master.run(f"ALTER DATABASE {identifier(database)} OWNER TO {owner}")
    for [schema] in master.run(OWN_SCHEMAS):
        master.run(f"ALTER SCHEMA {identifier(schema)} OWNER TO {owner}")
    for schema, relation in master.run(OWN_RELATIONS):
        master.run(f"ALTER TABLE {identifier(schema)}.{identifier(relation)} OWNER TO {owner}")


def verifier(password: str) -> str:
    """What PostgreSQL keeps of a password, made here: https://www.rfc-editor.org/rfc/rfc5803#section-2.

    The password has ASCII letters and digits only, which SASLprep leaves as they are.
    """
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    coded = [base64.b64encode(each).decode() for each in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{coded[0]}${coded[1]}:{coded[2]}"


def _exists(master: Connection, role: str) -> bool:
    return bool(master.run("SELECT 1 FROM pg_roles WHERE rolname = :role", role=role))
