"""Notejam's image: its tag, and how it finds its way into the registry."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sandbox import base_image, image
from sandbox.errors import SandboxError

CONTAINERFILE = """\
ARG BASE_IMAGE=docker.io/library/python:3.13-slim-bookworm
FROM ${BASE_IMAGE} AS build
COPY manage.py ./
COPY notejam ./notejam
FROM ${BASE_IMAGE}
COPY --from=build /opt/notejam /opt/notejam
"""
MISSING_IMAGE = {"repositoryName": "notejam-test/notejam", "imageIds": [{"imageTag": "1.0.0-abc"}]}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    files = {
        "Containerfile": CONTAINERFILE,
        "README.md": "Notejam",
        "manage.py": "import django",
        "notejam/urls.py": "urlpatterns = []",
        "notejam/__pycache__/urls.cpython-311.pyc": "compiled",
        "pyproject.toml": '[project]\nname = "notejam"\nversion = "1.2.3"\n',
        "tests/test_urls.py": "def test(): ...",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


@pytest.fixture
def ecr() -> Any:
    return boto3.client("ecr", region_name="eu-west-1", aws_access_key_id="id", aws_secret_access_key="key")


def test_the_image_is_made_of_what_its_containerfile_copies(app: Path) -> None:
    names = [path.as_posix() for path in image.sources(app)]

    assert names == ["Containerfile", "manage.py", "notejam/urls.py"]


def test_the_real_application_is_in_its_image() -> None:
    names = {path.as_posix() for path in image.sources()}

    assert {"Containerfile", "manage.py", "requirements.txt", "notejam/settings.py"} <= names
    assert not any(name.startswith("tests/") for name in names)


def test_the_tag_is_the_version_and_the_hash_of_the_sources(app: Path) -> None:
    version, digest = image.release(app).rsplit("-", 1)

    assert version == "1.2.3"
    assert len(bytes.fromhex(digest)) == 6


@pytest.mark.parametrize(
    "name", ["README.md", "tests/test_urls.py", "notejam/__pycache__/urls.cpython-311.pyc"]
)
def test_the_tag_stays_while_the_image_would_be_the_same(app: Path, name: str) -> None:
    before = image.release(app)
    (app / name).write_text("other")

    assert image.release(app) == before


@pytest.mark.parametrize("name", ["Containerfile", "manage.py", "notejam/urls.py", "notejam/new.py"])
def test_the_tag_changes_with_the_image(app: Path, name: str) -> None:
    before = image.release(app)
    (app / name).write_text(CONTAINERFILE + "# other\n")

    assert image.release(app) != before


def test_a_renamed_file_changes_the_tag(app: Path) -> None:
    before = image.release(app)
    (app / "notejam/urls.py").rename(app / "notejam/routes.py")

    assert image.release(app) != before


def test_the_repository_is_waited_for(ecr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "POLL_SECONDS", 0)
    other = {"repositoryName": "notejam-test/other", "repositoryUri": "registry.example/notejam-test/other"}
    wanted = {
        "repositoryName": "notejam-test/notejam",
        "repositoryUri": "registry.example/notejam-test/notejam",
    }
    said: list[str] = []

    with Stubber(ecr) as stub:
        stub.add_response("describe_repositories", {"repositories": []})
        stub.add_response("describe_repositories", {"repositories": [other, wanted]})
        assert image.wait_for_repository(ecr, said.append) == wanted

    assert said == ["waiting for Notejam's repository"]


def test_a_repository_that_nobody_makes_is_named(ecr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "REPOSITORY_SECONDS", -1)

    with Stubber(ecr) as stub:
        stub.add_response("describe_repositories", {"repositories": []})
        with pytest.raises(SandboxError, match="the role container_registry makes it"):
            image.wait_for_repository(ecr, print)


def test_a_refusal_is_not_waited_out(ecr: Any) -> None:
    with Stubber(ecr) as stub:
        stub.add_client_error("describe_repositories", "AccessDeniedException", http_status_code=400)
        with pytest.raises(SandboxError, match="AccessDeniedException"):
            image.wait_for_repository(ecr, print)


def test_a_tag_is_looked_for_in_its_repository(ecr: Any) -> None:
    with Stubber(ecr) as stub:
        stub.add_client_error(
            "describe_images", "ImageNotFoundException", http_status_code=400, expected_params=MISSING_IMAGE
        )
        stub.add_response("describe_images", {"imageDetails": []}, MISSING_IMAGE)
        assert not image.is_pushed(ecr, "notejam-test/notejam", "1.0.0-abc")
        assert image.is_pushed(ecr, "notejam-test/notejam", "1.0.0-abc")


def test_ecr_says_where_and_how_to_log_in(ecr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    logins: list[tuple[str, str, str]] = []
    monkeypatch.setattr(image, "Registry", lambda *login: logins.append(login))
    token = base64.b64encode(b"AWS:pass:word").decode()
    authorization = {"authorizationToken": token, "proxyEndpoint": "https://registry.example"}

    with Stubber(ecr) as stub:
        stub.add_response("get_authorization_token", {"authorizationData": [authorization]})
        image.log_in(ecr)

    assert logins == [("https://registry.example", "AWS", "pass:word")]


def test_an_image_is_built_once(app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTEJAM_CACHE", str(tmp_path / "cache"))
    said: list[str] = []

    first = image.build("virtual", "1.2.3-abc", said.append, app)
    assert (image.build("virtual", "1.2.3-abc", said.append, app), said) == (
        first,
        ["1.2.3-abc is in the cache"],
    )


def test_the_cache_keeps_only_the_last_releases(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTEJAM_CACHE", str(tmp_path / "cache"))
    for age in range(9, 0, -1):
        archive = image.build("virtual", f"1.2.3-{age}", print, app)
        os.utime(archive, (1_000_000 - age, 1_000_000 - age))

    last = image.build("virtual", "1.2.3-0", print, app)

    assert last.exists()
    assert len(list(last.parent.iterdir())) == image.KEPT


def test_the_base_image_is_of_the_mirror_that_apt_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "bookworm-security main http://mirror.example/debian-security/",
        "bookworm contrib http://mirror.example/contrib/",
        "bookworm main http://mirror.example/debian/",
    ]
    monkeypatch.setattr(base_image, "output", lambda *_words: "\n".join(lines))

    assert base_image.apt_mirror("bookworm") == "http://mirror.example/debian/"
    with pytest.raises(SandboxError, match="apt has no source of trixie"):
        base_image.apt_mirror("trixie")


def test_what_no_container_reads_is_removed(tmp_path: Path) -> None:
    kept = ["usr/share/doc/python3/copyright", "usr/lib/python3.11/os.py", "var/lib/dpkg/status"]
    removed = [
        "usr/share/doc/python3/changelog.gz",
        "usr/share/locale/de/LC_MESSAGES/bash.mo",
        "usr/share/man/man1/ls.1.gz",
        "usr/lib/python3.11/__pycache__/os.cpython-311.pyc",
        "var/cache/apt/archives/bash.deb",
        "var/lib/apt/lists/mirror_InRelease",
        "var/lib/dpkg/status-old",
        "var/log/dpkg.log",
    ]
    for name in kept + removed:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    base_image.remove_unused(tmp_path)

    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == sorted(kept)
