"""Tests on a PostgreSQL server of their own, which a fixture starts."""

from notejam.settings import *  # noqa: F403

# Files are served as they are: only the image has them collected and hashed.
WHITENOISE_AUTOREFRESH = True
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, only for tests
