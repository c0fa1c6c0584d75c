"""ECR's replication: what is pushed comes to the other regions, later.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
"""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from tests.unit.sandbox.aws.conftest import ACCOUNT
from tests.unit.sandbox.aws.docker import MANIFEST, Docker, login_of

STANDBY = "eu-central-1"
OTHER_ACCOUNT = "210987654321"
MINUTES = 120.0  # seconds; by then everything is copied


def rule(prefix: str, *regions: str, account: str = ACCOUNT) -> dict[str, Any]:
    return {
        "destinations": [{"region": region, "registryId": account} for region in regions],
        "repositoryFilters": [{"filter": prefix, "filterType": "PREFIX_MATCH"}],
    }


def replicate(ecr: Any, *rules: dict[str, Any]) -> None:
    ecr.put_replication_configuration(replicationConfiguration={"rules": list(rules)})


def statuses(ecr: Any, tag: str) -> dict[str, str]:
    answer = ecr.describe_image_replication_status(repositoryName="notejam", imageId={"imageTag": tag})
    return {one["region"]: one["status"] for one in answer["replicationStatuses"]}


@pytest.fixture
def standby(ecr: Any, client: Callable[..., Any]) -> Any:
    replicate(ecr, rule("note", STANDBY))
    return client("ecr", STANDBY)


def test_what_is_pushed_is_copied_later_to_a_repository_of_ecr_s_defaults(
    docker: Docker, ecr: Any, standby: Any, cloud: Cloud, later: Callable[[float], None]
) -> None:
    digest = docker.push("notejam", "1.0", b"layer").headers["Docker-Content-Digest"]
    cloud.ecr.replication.step()
    assert statuses(ecr, "1.0") == {STANDBY: "IN_PROGRESS"}
    assert standby.describe_repositories()["repositories"] == []

    later(MINUTES)
    cloud.ecr.replication.step()

    assert statuses(ecr, "1.0") == {STANDBY: "COMPLETE"}
    [repository] = standby.describe_repositories()["repositories"]
    assert repository["imageTagMutability"] == "MUTABLE"
    [image] = standby.describe_images(repositoryName="notejam")["imageDetails"]
    assert (image["imageDigest"], image["imageTags"]) == (digest, ["1.0"])
    assert image["imageSizeInBytes"] == len(b"layer") + len(b"{}")
    elsewhere = Docker(docker.url, login_of(standby))
    layer = f"/v2/notejam/blobs/sha256:{hashlib.sha256(b'layer').hexdigest()}"
    assert elsewhere.request("GET", layer).content == b"layer"
    manifest = elsewhere.request("GET", "/v2/notejam/manifests/1.0", headers={"Accept": MANIFEST})
    assert manifest.headers["Docker-Content-Digest"] == digest


def test_a_tag_given_by_the_api_is_copied_and_a_removal_is_not(
    docker: Docker, ecr: Any, standby: Any, cloud: Cloud, later: Callable[[float], None]
) -> None:
    docker.push("notejam", "1.0", b"layer")
    [image] = ecr.batch_get_image(repositoryName="notejam", imageIds=[{"imageTag": "1.0"}])["images"]
    ecr.put_image(repositoryName="notejam", imageManifest=image["imageManifest"], imageTag="in-use")
    later(MINUTES)
    cloud.ecr.replication.step()
    ecr.batch_delete_image(repositoryName="notejam", imageIds=[{"imageTag": "in-use"}])
    cloud.ecr.replication.step()
    [copied] = standby.describe_images(repositoryName="notejam")["imageDetails"]
    assert sorted(copied["imageTags"]) == ["1.0", "in-use"]


def test_a_tag_that_cannot_move_stays_and_the_image_comes_without_one(
    docker: Docker, ecr: Any, standby: Any, cloud: Cloud, later: Callable[[float], None]
) -> None:
    standby.create_repository(repositoryName="notejam", imageTagMutability="IMMUTABLE")
    first = Docker(docker.url, login_of(standby)).push("notejam", "1.0", b"first")
    second = docker.push("notejam", "1.0", b"second")
    later(MINUTES)
    cloud.ecr.replication.step()
    images = standby.describe_images(repositoryName="notejam")["imageDetails"]
    assert {image["imageDigest"]: image.get("imageTags", []) for image in images} == {
        first.headers["Docker-Content-Digest"]: ["1.0"],
        second.headers["Docker-Content-Digest"]: [],
    }


def test_each_rule_is_for_the_repositories_of_its_prefix(
    docker: Docker, ecr: Any, client: Callable[..., Any], cloud: Cloud, later: Callable[[float], None]
) -> None:
    replicate(ecr, rule("notejam", STANDBY), rule("not", "eu-west-3"), rule("other", "eu-north-1"))
    # A copy is not copied on: https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
    replicate(client("ecr", STANDBY), rule("notejam", "eu-south-1"))
    docker.push("notejam", "1.0", b"layer")
    later(MINUTES)
    cloud.ecr.replication.step()
    cloud.ecr.replication.step()
    assert statuses(ecr, "1.0") == {STANDBY: "COMPLETE", "eu-west-3": "COMPLETE"}
    for region in ("eu-north-1", "eu-south-1"):
        assert client("ecr", region).describe_repositories()["repositories"] == []


def test_another_account_s_registry_policy_lets_images_in(
    docker: Docker, ecr: Any, cloud: Cloud, later: Callable[[float], None]
) -> None:
    replicate(ecr, rule("notejam", STANDBY, account=OTHER_ACCOUNT))
    docker.push("notejam", "1.0", b"layer")
    later(MINUTES)
    cloud.ecr.replication.step()
    assert statuses(ecr, "1.0") == {STANDBY: "FAILED"}
    cloud.clients.get("ecr", OTHER_ACCOUNT, STANDBY).put_registry_policy(
        policyText='{"Version": "2012-10-17", "Statement": [{"Sid": "Replicate", "Effect": "Allow", '
        f'"Principal": {{"AWS": "arn:aws:iam::{ACCOUNT}:root"}}, '
        '"Action": ["ecr:CreateRepository", "ecr:ReplicateImage"], '
        f'"Resource": ["arn:aws:ecr:{STANDBY}:{OTHER_ACCOUNT}:repository/*"]}}]}}'
    )
    docker.push("notejam", "1.1", b"another")
    later(MINUTES)
    cloud.ecr.replication.step()
    assert statuses(ecr, "1.1") == {STANDBY: "COMPLETE"}


def test_a_registry_is_no_destination_of_its_own(ecr: Any) -> None:
    with pytest.raises(ClientError, match="cannot be the same as the source registry"):
        replicate(ecr, rule("other", STANDBY), rule("notejam", "eu-west-1"))
    with pytest.raises(ClientError, match="unique destinations"):
        replicate(ecr, *[rule(f"p{i}", *[f"eu-test-{i}-{j}" for j in range(9)]) for i in range(3)])
    assert ecr.describe_registry()["replicationConfiguration"]["rules"] == []
