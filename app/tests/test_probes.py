"""What the kubelet asks, as it asks: by the pod's address, over HTTP, without a cookie."""

import pytest
from django.conf import LazySettings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler
from django.test import Client

UNREACHABLE = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "notejam",
    "HOST": "127.0.0.1",
    "PORT": 1,
    "PASSWORD": "not-for-logs",
}


@pytest.fixture
def kubelet() -> Client:
    return Client(headers={"host": "10.100.0.17:8000"})


def test_alive_without_looking_at_the_database(kubelet: Client, settings: LazySettings) -> None:
    settings.SECURE_SSL_REDIRECT = True

    response = kubelet.get("/healthz/live")  # without the db fixture, a query would raise

    assert (response.status_code, response.content) == (200, b"alive\n")
    assert not response.cookies


def test_ready_with_the_database_migrated(kubelet: Client, settings: LazySettings, db: None) -> None:
    settings.SECURE_SSL_REDIRECT = True

    response = kubelet.get("/healthz/ready")

    assert (response.status_code, response.content) == (200, b"ready\n")
    assert not response.cookies


def test_not_ready_until_every_migration_is_applied(kubelet: Client, db: None) -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("notes", "0001_initial")
    response = kubelet.get("/healthz/ready")
    assert (response.status_code, response.content) == (503, b"migrations not applied yet: 1\n")

    recorder.record_applied("notes", "0001_initial")
    assert kubelet.get("/healthz/ready").status_code == 200


def test_not_ready_without_a_database(
    kubelet: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, db: None
) -> None:
    monkeypatch.setattr("notejam.probes.connections", ConnectionHandler({"default": UNREACHABLE}))

    response = kubelet.get("/healthz/ready")

    assert (response.status_code, response.content) == (503, b"the database does not answer\n")
    assert kubelet.get("/healthz/live").status_code == 200
    assert "the database does not answer: connection failed" in caplog.text
    assert "not-for-logs" not in caplog.text


def test_other_addresses_still_need_a_known_host(kubelet: Client) -> None:
    assert kubelet.get("/signin/").status_code == 400
