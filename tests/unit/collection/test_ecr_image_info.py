"""Finding an image in ECR, and waiting for it."""

from __future__ import annotations

import json

import boto3
import pytest
from ansible_collections.notejam.platform.plugins.modules import ecr_image_info

from .modules import run_module

pytestmark = pytest.mark.usefixtures("account")
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 1,
            "digest": "sha256:1",
        },
        "layers": [],
    }
)


@pytest.fixture(autouse=True)
def _repository(account: None) -> None:
    boto3.client("ecr").create_repository(repositoryName="notejam-prod/notejam")


def push() -> None:
    boto3.client("ecr").put_image(
        repositoryName="notejam-prod/notejam", imageManifest=MANIFEST, imageTag="1.4.0"
    )


def test_an_image_is_found_by_its_tag() -> None:
    push()
    image = run_module("ecr_image_info", repository="notejam-prod/notejam", tag="1.4.0").result["image"]
    assert image["digest"].startswith("sha256:")
    assert image["tags"] == ["1.4.0"]


def test_another_tag_is_not_found() -> None:
    push()
    run = run_module("ecr_image_info", repository="notejam-prod/notejam", tag="1.5.0")
    assert run.result["image"] is None
    assert not run.changed


def test_it_waits_until_the_image_is_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecr_image_info.time, "sleep", lambda _seconds: push())
    run = run_module("ecr_image_info", repository="notejam-prod/notejam", tag="1.4.0", wait=True)
    assert run.result["image"]["tags"] == ["1.4.0"]


def test_check_mode_does_not_wait() -> None:
    run = run_module("ecr_image_info", check_mode=True, repository="notejam-prod/notejam", tag="1", wait=True)
    assert run.result["image"] is None


def test_an_image_that_does_not_come_says_how_to_push_it() -> None:
    options = {"repository": "notejam-prod/notejam", "tag": "1.4.0", "wait": True, "wait_timeout": 0}
    message = run_module("ecr_image_info", **options).result["msg"]
    registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    assert f"buildah login --username AWS --password-stdin {registry}" in message
    assert f"docker://{registry}/notejam-prod/notejam:1.4.0" in message


def test_a_missing_repository_says_which_role_makes_it() -> None:
    message = run_module("ecr_image_info", repository="notejam-prod/other", tag="1").result["msg"]
    assert "container_registry" in message


def test_an_empty_tag_is_refused_before_ecr_is_asked() -> None:
    run = run_module("ecr_image_info", repository="notejam-prod/notejam", tag="")
    assert "`tag`" in run.result["msg"]
    assert run.operations == []
