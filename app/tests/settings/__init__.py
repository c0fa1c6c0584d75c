"""Notejam's own settings with an environment made up for tests."""

import os

ENVIRONMENT = {
    "SECRET_KEY": "only-for-tests-" + "x" * 50,
    "ALLOWED_HOSTS": "testserver",
    "DATABASE_HOST": "set-by-a-fixture",
    "DATABASE_NAME": "notejam",
    "DATABASE_USER": "notejam",
    "DATABASE_PASSWORD": "only-for-tests",
    "DATABASE_SSLMODE": "disable",
    "SECURE_COOKIES": "false",
}
os.environ.update(ENVIRONMENT)
