"""Django's own `migrate`, one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zlib import crc32

from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

# One number for all releases: whoever migrates Notejam's database holds this lock.
LOCK = crc32(b"notejam migrate")


class Command(DjangoMigrate):
    """Apply migrations while holding a PostgreSQL advisory lock, so two Jobs never apply them side by side.

    The lock belongs to the session: a Job that is killed gives it back.
    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with self._lock(connection):
            super().handle(*args, **options)

    @contextmanager
    def _lock(self, connection: BaseDatabaseWrapper) -> Iterator[None]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                self.stdout.write("Waiting for the migrations that another process applies.")
                self.stdout.flush()
                cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            # A lost connection has lost the lock, and its own error says more than one from here.
            if connection.connection is not None and not connection.connection.closed:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
