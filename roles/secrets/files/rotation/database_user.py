"""Rotates the application's database user by turns: while one is in use, the other gets a new password.

So the password before stays valid until the rotation after the next, and no pod is locked out.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets_strategies.html#rotating-secrets-two-users
Both users act as one role that cannot sign in, so whatever either makes belongs to that role.
"""

from __future__ import annotations

import json
import os
from typing import Any

from postgresql import Connection, connect, give_user, take_over
from rotation_steps import Value, rotate

PASSWORD_LENGTH = 40


class DatabaseUser:
    """`role` is the application's role; `master_secret` names the secret of the database's master user."""

    def __init__(self, role: str, master_secret: str) -> None:
        self.role = role
        self.users = (f"{role}_a", f"{role}_b")
        self.master_secret = master_secret

    def create(self, current: Value, secrets_manager: Any) -> Value:
        first, second = self.users
        new = secrets_manager.get_random_password(PasswordLength=PASSWORD_LENGTH, ExcludePunctuation=True)
        return {
            **current,
            "username": second if current.get("username") == first else first,
            "password": new["RandomPassword"],
        }

    def set(self, pending: Value, secrets_manager: Any) -> None:
        """As the master user, all of it or nothing."""
        if pending["username"] not in self.users:
            raise ValueError(f"The user {pending['username']} is none of {', '.join(self.users)}.")
        answer = secrets_manager.get_secret_value(SecretId=self.master_secret)
        with self._connected({**pending, **json.loads(answer["SecretString"])}) as master:
            master.run("BEGIN")
            # Rather try again later than hold up whoever uses a table.
            master.run("SET LOCAL lock_timeout = '5s'")
            give_user(master, self.role, pending["username"], pending["password"])
            take_over(master, self.role, pending["dbname"])
            master.run("COMMIT")

    def test(self, pending: Value, secrets_manager: Any) -> None:
        with self._connected(pending) as user:
            [[current, may_migrate]] = user.run(
                "SELECT current_user::text, has_schema_privilege('public', 'CREATE')"
            )
        if current != self.role:
            raise ValueError(f"{pending['username']} acts as {current}, not as {self.role}.")
        if not may_migrate:
            raise ValueError(f"{self.role} may not create tables in {pending['dbname']}.")

    @staticmethod
    def _connected(login: Value) -> Connection:
        return connect(
            login["host"], int(login["port"]), login["dbname"], login["username"], login["password"]
        )


def handler(event: dict[str, str], context: object) -> None:
    """AWS Lambda's entry."""
    import boto3

    kind = DatabaseUser(os.environ["DATABASE_ROLE"], os.environ["MASTER_SECRET_ARN"])
    rotate(event, boto3.client("secretsmanager"), kind)
