"""The environment of a process: what is wrong with it is said at its start, all at once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

APP = Path(__file__).parent.parent
PRODUCTION = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ALLOWED_HOSTS": "notejam.example",
    "DATABASE_HOST": "database.example",
    "DATABASE_NAME": "notejam",
    "DATABASE_USER": "notejam",
    "DATABASE_PASSWORD": "secret-password",
    "DATABASE_SSLROOTCERT": "system",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=APP, env=environment, capture_output=True, text=True, check=False)


def test_production_passes_the_deployment_check() -> None:
    done = manage("check", "--deploy", "--fail-level=WARNING", **PRODUCTION)

    assert done.returncode == 0, done.stderr


def test_everything_missing_is_named_at_once() -> None:
    done = manage("check")

    assert done.returncode != 0
    for name in set(PRODUCTION) - {"DATABASE_SSLROOTCERT"}:
        assert f"  - {name} is not set" in done.stderr
    assert "DATABASE_SSLROOTCERT is not set, and DATABASE_SSLMODE verifies certificates by it" in done.stderr


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY has 5 characters, at least 50 are needed"),
        ({"SECRET_KEY_FALLBACKS": "short"}, "SECRET_KEY_FALLBACKS is not a JSON array of texts"),
        ({"SECRET_KEY_FALLBACKS": '{"a": 1}'}, "SECRET_KEY_FALLBACKS is not a JSON array of texts"),
        ({"SECRET_KEY_FALLBACKS": '["short"]'}, "SECRET_KEY_FALLBACKS has 5 characters in its text 1"),
        ({"DATABASE_PORT": "54 32"}, "DATABASE_PORT is not a whole number from 1 to 65535"),
        ({"DATABASE_PORT": "70000"}, "DATABASE_PORT is not a whole number from 1 to 65535"),
        ({"SECURE_COOKIES": "maybe"}, "SECURE_COOKIES is neither true nor false"),
        ({"DATABASE_SSLMODE": "prefered"}, "DATABASE_SSLMODE is none of disable, allow, prefer"),
        (
            {"DATABASE_SSLROOTCERT": "/nowhere.pem"},
            "DATABASE_SSLROOTCERT names /nowhere.pem, which cannot be",
        ),
        ({"CSRF_TRUSTED_ORIGINS": "notejam.example"}, "CSRF_TRUSTED_ORIGINS has 'notejam.example', which"),
        ({"DATABASE_PASSWORD_FILE": "/nowhere"}, "DATABASE_PASSWORD is set twice"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is none of DEBUG, INFO"),
    ],
)
def test_a_wrong_value_is_named_and_no_secret_shown(wrong: dict[str, str], message: str) -> None:
    done = manage("check", **PRODUCTION | wrong)

    assert done.returncode != 0
    assert f"  - {message}" in done.stderr
    assert "secret-password" not in done.stderr


def test_what_an_earlier_key_has_signed_still_counts() -> None:
    earlier = 'an earlier key, "quoted" and with commas, of more than 50 characters'
    sign = "from django.core import signing; print(signing.dumps('note'))"
    signed = manage("shell", "--no-imports", "--command", sign, **PRODUCTION | {"SECRET_KEY": earlier}).stdout
    read = f"from django.core import signing; print(signing.loads({signed.strip()!r}))"
    rotated = PRODUCTION | {"SECRET_KEY_FALLBACKS": json.dumps([earlier])}

    assert manage("shell", "--no-imports", "--command", read, **rotated).stdout == "note\n"
    assert "BadSignature" in manage("shell", "--no-imports", "--command", read, **PRODUCTION).stderr


def test_secrets_may_be_mounted_as_files(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("from-a-file\n")
    environment = PRODUCTION | {"DATABASE_PASSWORD": "", "DATABASE_PASSWORD_FILE": str(password)}
    show = "from django.conf import settings; print(settings.DATABASES['default']['PASSWORD'])"

    assert manage("shell", "--no-imports", "--command", show, **environment).stdout == "from-a-file\n"


def test_a_mounted_file_that_cannot_be_read_is_named() -> None:
    done = manage("check", **PRODUCTION | {"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere"})

    assert "  - SECRET_KEY_FILE names a file that cannot be read: FileNotFoundError" in done.stderr


def test_migrations_are_complete(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True)
