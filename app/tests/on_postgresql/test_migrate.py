"""Migrations are applied by one process at a time."""

import threading
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from notejam.management.commands.migrate import LOCK

HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
WAITED_FOR = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def other_job(transactional_db: None) -> psycopg.Connection:
    """Another Job's session, which holds the lock until the test lets go of it."""
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], dbname=settings["NAME"], user=settings["USER"], autocommit=True
    ) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield other


def test_a_second_job_waits_for_the_first(other_job: psycopg.Connection) -> None:
    output = StringIO()

    def migrate() -> None:
        call_command("migrate", stdout=output)
        connection.close()

    job = threading.Thread(target=migrate)
    job.start()
    while other_job.execute(WAITED_FOR).fetchone() == (0,):
        assert job.is_alive()
    assert output.getvalue() == "Waiting for the migrations that another process applies.\n"

    other_job.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    job.join()
    assert "No migrations to apply." in output.getvalue()
    assert other_job.execute(HELD).fetchone() == (0,)


def test_a_failed_job_gives_the_lock_back(db: None) -> None:
    with pytest.raises(CommandError):
        call_command("migrate", "notes", "9999", stdout=StringIO())

    with connection.cursor() as cursor:
        cursor.execute(HELD)
        assert cursor.fetchone() == (0,)
