"""Tests on SQLite in memory, for a machine without PostgreSQL."""

from tests.settings.postgresql import *  # noqa: F403

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
