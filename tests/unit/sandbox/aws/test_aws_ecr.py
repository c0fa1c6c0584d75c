"""ECR: a real registry, opened by ECR's tokens and bound by its rules."""

import hashlib
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.aws.conftest import ACCOUNT
from tests.unit.sandbox.aws.docker import MANIFEST, Docker, login_of


def test_what_is_pushed_is_told_and_pulled(docker: Docker, ecr: Any) -> None:
    layer = os.urandom(3 << 20)
    pushed = docker.push("notejam", "1.0", layer)
    assert pushed.status_code == 201
    [image] = ecr.describe_images(repositoryName="notejam")["imageDetails"]
    assert image["imageTags"] == ["1.0"]
    assert image["imageDigest"] == pushed.headers["Docker-Content-Digest"]
    assert image["imageSizeInBytes"] == len(layer) + len(b"{}")
    blob = f"/v2/notejam/blobs/sha256:{hashlib.sha256(layer).hexdigest()}"
    assert docker.request("GET", blob).content == layer


def test_a_tag_stays_what_it_was(docker: Docker, ecr: Any) -> None:
    first = docker.push("notejam", "1.0", b"first")
    again = docker.push("notejam", "1.0", b"second")
    assert again.status_code == 400
    assert "immutable" in again.json()["errors"][0]["message"]
    [image] = ecr.describe_images(repositoryName="notejam", imageIds=[{"imageTag": "1.0"}])["imageDetails"]
    assert image["imageDigest"] == first.headers["Docker-Content-Digest"]
    ecr.put_image_tag_mutability(repositoryName="notejam", imageTagMutability="MUTABLE")
    assert docker.push("notejam", "1.0", b"second").status_code == 201


def test_only_ecrs_token_opens_it(docker: Docker) -> None:
    for login in (("AWS", "guessed"), ("root", docker.login[1])):
        refused = Docker(docker.url, login).request("GET", "/v2/")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert docker.request("GET", "/v2/").status_code == 200


def test_a_repository_is_made_by_ecr_not_by_a_push(docker: Docker) -> None:
    refused = docker.request("POST", "/v2/other/blobs/uploads/")
    assert refused.status_code == 404
    assert refused.json()["errors"][0]["code"] == "NAME_UNKNOWN"


def test_a_deleted_image_is_gone_from_the_registry(docker: Docker, ecr: Any) -> None:
    digest = docker.push("notejam", "1.0", b"layer").headers["Docker-Content-Digest"]
    headers = {"Accept": MANIFEST}
    assert docker.request("GET", "/v2/notejam/manifests/1.0", headers=headers).status_code == 200
    assert docker.request("DELETE", f"/v2/notejam/manifests/{digest}").status_code == 405
    ecr.batch_delete_image(repositoryName="notejam", imageIds=[{"imageTag": "1.0"}])
    assert docker.request("GET", "/v2/notejam/manifests/1.0", headers=headers).status_code == 404
    with pytest.raises(ClientError, match="ImageNotFoundException"):
        ecr.describe_images(repositoryName="notejam", imageIds=[{"imageTag": "1.0"}])


def test_one_more_tag_is_given_by_the_api(docker: Docker, ecr: Any) -> None:
    docker.push("notejam", "1.0", b"layer")
    [image] = ecr.batch_get_image(repositoryName="notejam", imageIds=[{"imageTag": "1.0"}])["images"]
    ecr.put_image(repositoryName="notejam", imageManifest=image["imageManifest"], imageTag="stable")
    pulled = docker.request("GET", "/v2/notejam/manifests/stable", headers={"Accept": MANIFEST})
    assert pulled.text == image["imageManifest"]
    never_pushed = json.loads(image["imageManifest"])
    never_pushed["layers"][0]["digest"] = "sha256:" + "0" * 64
    with pytest.raises(ClientError, match="LayersNotFoundException"):
        ecr.put_image(repositoryName="notejam", imageManifest=json.dumps(never_pushed), imageTag="broken")
    listed = {each.get("imageTag") for each in ecr.list_images(repositoryName="notejam")["imageIds"]}
    assert listed == {"1.0", "stable"}


def test_accounts_and_regions_have_registries_of_their_own(
    docker: Docker, ecr: Any, client: Callable[..., Any]
) -> None:
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
    other_region = client("ecr", "eu-central-1")
    other_region.create_repository(repositoryName="notejam")
    elsewhere = Docker(docker.url, login_of(other_region))
    digest = docker.push("notejam", "1.0", b"layer").headers["Docker-Content-Digest"]
    headers = {"Accept": MANIFEST}
    layer = f"/v2/notejam/blobs/sha256:{hashlib.sha256(b'layer').hexdigest()}"
    assert docker.request("HEAD", layer).status_code == 200
    for path in ("/v2/notejam/manifests/1.0", f"/v2/notejam/manifests/{digest}", layer):
        assert elsewhere.request("GET", path, headers=headers).status_code == 404
    assert elsewhere.push("notejam", "1.0", b"another").status_code == 201
    ecr.delete_repository(repositoryName="notejam", force=True)
    [image] = other_region.describe_images(repositoryName="notejam")["imageDetails"]
    assert image["imageSizeInBytes"] == len(b"another") + len(b"{}")
    assert elsewhere.request("GET", "/v2/notejam/manifests/1.0", headers=headers).status_code == 200


def test_nothing_tells_where_the_registry_keeps_a_repository(docker: Docker) -> None:
    docker.push("notejam", "1.0", b"layer")
    listed = docker.request("GET", "/v2/notejam/tags/list")
    assert listed.json() == {"name": "notejam", "tags": ["1.0"]}
    started = docker.request("POST", "/v2/notejam/blobs/uploads/")
    assert started.headers["Location"].startswith("/v2/notejam/blobs/uploads/")
    unknown = docker.request("GET", f"/v2/notejam/manifests/sha256:{'0' * 64}")
    assert unknown.status_code == 404
    assert ACCOUNT not in unknown.text
    assert docker.request("GET", "/v2/_catalog").status_code == 404


def test_a_layer_is_mounted_from_the_account_s_own_repository(docker: Docker, ecr: Any) -> None:
    ecr.create_repository(repositoryName="other/notejam")
    docker.push("notejam", "1.0", b"layer")
    digest = f"sha256:{hashlib.sha256(b'layer').hexdigest()}"
    mounting = "/v2/other/notejam/blobs/uploads/?mount={}&from={}"
    assert docker.request("POST", mounting.format(digest, "unknown")).status_code == 202
    mounted = docker.request("POST", mounting.format(digest, "notejam"))
    assert mounted.status_code == 201
    assert docker.request("GET", mounted.headers["Location"]).content == b"layer"


def test_a_repository_made_again_is_empty(docker: Docker, ecr: Any) -> None:
    docker.push("notejam", "1.0", b"layer")
    ecr.create_repository(repositoryName="notejam/sidecar")
    docker.push("notejam/sidecar", "1.0", b"sidecar")
    ecr.delete_repository(repositoryName="notejam", force=True)
    ecr.create_repository(repositoryName="notejam")
    layer = f"/v2/notejam/blobs/sha256:{hashlib.sha256(b'layer').hexdigest()}"
    assert docker.request("HEAD", layer).status_code == 404
    assert docker.request("GET", "/v2/notejam/sidecar/tags/list").json()["tags"] == ["1.0"]
