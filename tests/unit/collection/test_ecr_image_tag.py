"""The module ecr_image_tag: check, do, check again, do again; no image goes with a tag."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")
REPOSITORY = "notejam-prod/notejam"
MARK: dict[str, Any] = {
    "repository": REPOSITORY,
    "image_tag": "1.4.0",
    "tag": "in-use-prod-1.4.0",
    "purge_pattern": "in-use-prod-*",
}


@pytest.fixture(autouse=True)
def ecr(account: None) -> Any:
    made = boto3.client("ecr")
    made.create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    return made


def push(ecr: Any, *tags: str) -> str:
    layer = {"mediaType": "layer", "size": 1, "digest": f"sha256:{tags[0]}"}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
    manifest |= {"config": layer, "layers": [layer]}
    for tag in tags:
        answer = ecr.put_image(repositoryName=REPOSITORY, imageManifest=json.dumps(manifest), imageTag=tag)
    return str(answer["image"]["imageId"]["imageDigest"])


def tags(ecr: Any) -> dict[str, list[str]]:
    images = ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    return {image["imageDigest"]: sorted(image["imageTags"]) for image in images}


def test_marks_the_image(ecr: Any) -> None:
    digest = push(ecr, "1.4.0")
    run = four_steps("ecr_image_tag", **MARK)
    assert run.writes == ["PutImage"]
    assert run.result["ecr_image_tag"]["digests"] == {"in-use-prod-1.4.0": digest}
    assert tags(ecr) == {digest: ["1.4.0", "in-use-prod-1.4.0"]}


def test_the_mark_moves_with_the_release_and_the_old_image_stays(ecr: Any) -> None:
    old = push(ecr, "1.3.0", "in-use-prod-1.3.0", "in-use-test-1.3.0")
    new = push(ecr, "1.4.0")
    run = four_steps("ecr_image_tag", **MARK)
    assert run.writes == ["PutImage", "BatchDeleteImage"]
    assert tags(ecr) == {old: ["1.3.0", "in-use-test-1.3.0"], new: ["1.4.0", "in-use-prod-1.4.0"]}


def test_a_mark_put_by_hand_is_removed(ecr: Any) -> None:
    push(ecr, "1.4.0", "in-use-prod-1.4.0")
    other = push(ecr, "1.3.0", "in-use-prod-1.3.0")
    assert four_steps("ecr_image_tag", **MARK).writes == ["BatchDeleteImage"]
    assert tags(ecr)[other] == ["1.3.0"]


def test_without_a_pattern_no_other_tag_goes(ecr: Any) -> None:
    old = push(ecr, "1.3.0", "in-use-prod-1.3.0")
    push(ecr, "1.4.0")
    four_steps("ecr_image_tag", **MARK | {"purge_pattern": None})
    assert tags(ecr)[old] == ["1.3.0", "in-use-prod-1.3.0"]


def test_a_tag_that_is_its_images_last_stays(ecr: Any) -> None:
    """Else its image goes: docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html."""
    lonely = push(ecr, "in-use-prod-1.2.0")
    push(ecr, "1.4.0", "in-use-prod-1.4.0")
    run = run_module("ecr_image_tag", **MARK)
    assert not run.changed
    assert tags(ecr)[lonely] == ["in-use-prod-1.2.0"]


def test_takes_the_tag_off(ecr: Any) -> None:
    digest = push(ecr, "1.4.0", "in-use-prod-1.4.0")
    four_steps("ecr_image_tag", repository=REPOSITORY, tag="in-use-prod-1.4.0", state="absent")
    assert tags(ecr) == {digest: ["1.4.0"]}


def test_the_last_tag_of_an_image_is_not_taken_off(ecr: Any) -> None:
    digest = push(ecr, "in-use-prod-1.4.0")
    run = run_module("ecr_image_tag", repository=REPOSITORY, tag="in-use-prod-1.4.0", state="absent")
    assert "is the only tag of its image" in run.result["msg"]
    assert tags(ecr) == {digest: ["in-use-prod-1.4.0"]}


def test_an_image_that_is_not_there_is_named(ecr: Any) -> None:
    run = run_module("ecr_image_tag", **MARK)
    assert "has no image with the tag 1.4.0 (`image_tag`)" in run.result["msg"]
    assert run.writes == []


def test_a_plan_does_not_need_the_image() -> None:
    check = run_module("ecr_image_tag", check_mode=True, **MARK)
    assert check.result["ecr_image_tag"]["digests"] == {"in-use-prod-1.4.0": "(known after apply)"}


def test_an_immutable_tag_is_not_moved(ecr: Any) -> None:
    push(ecr, "1.3.0", "in-use-prod-1.4.0")
    push(ecr, "1.4.0")
    run = run_module("ecr_image_tag", **MARK)
    assert "already exists" in run.result["msg"]
