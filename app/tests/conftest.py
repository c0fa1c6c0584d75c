"""Fixtures: the database, and people who are signed up or in."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections
from django.http import HttpResponse
from django.test import Client

from notejam.accounts.models import User
from tests import postgresql

PASSWORD = "a long enough password"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """Start PostgreSQL before Django makes its test database there, unless the settings chose SQLite."""
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        yield
        return
    with postgresql.server() as socket_folder:
        connections["default"].settings_dict["HOST"] = str(socket_folder)
        yield


def submit(browser: Client, url: str, fields: dict[str, str]) -> HttpResponse:
    """Open the form at ``url`` and send it as a browser does, with the token that came with it."""
    token = browser.get(url).context["csrf_token"]
    return browser.post(url, fields | {"csrfmiddlewaretoken": str(token)})


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ada@example.org", PASSWORD)


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("eve@example.org", PASSWORD)


@pytest.fixture
def visitor() -> Client:
    """A browser that nobody is signed in with, and that sends forms as browsers do: with a CSRF token."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
