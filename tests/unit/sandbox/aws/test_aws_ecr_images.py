"""ECR's images by its API: digests, tags that move or do not, and scans.

Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
"""

import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from tests.unit.sandbox.aws.conftest import ACCOUNT, REGION


@pytest.fixture
def ecr(cloud: Cloud) -> Any:
    """The emulator's own, behind which no registry asks for layers."""
    made = cloud.clients.get("ecr", ACCOUNT, REGION)
    made.create_repository(repositoryName="notejam")
    return made


def manifest(name: str) -> str:
    return json.dumps({"mediaType": "application/vnd.oci.image.manifest.v1+json", "annotations": {"n": name}})


def digest(name: str) -> str:
    return f"sha256:{hashlib.sha256(manifest(name).encode()).hexdigest()}"


def put(ecr: Any, name: str, tag: str, **more: str) -> Any:
    return ecr.put_image(repositoryName="notejam", imageManifest=manifest(name), imageTag=tag, **more)


def tags(ecr: Any) -> dict[str, list[str]]:
    images = ecr.describe_images(repositoryName="notejam")["imageDetails"]
    return {image["imageDigest"]: image.get("imageTags", []) for image in images}


def test_an_image_whose_tag_moves_on_stays_without_one(ecr: Any) -> None:
    put(ecr, "first", "stable")
    answer = put(ecr, "second", "stable")["image"]
    assert answer["imageId"] == {"imageDigest": digest("second"), "imageTag": "stable"}
    assert tags(ecr) == {digest("first"): [], digest("second"): ["stable"]}
    put(ecr, "first", "stable")
    assert tags(ecr) == {digest("first"): ["stable"], digest("second"): []}
    untagged = ecr.list_images(repositoryName="notejam", filter={"tagStatus": "UNTAGGED"})["imageIds"]
    assert untagged == [{"imageDigest": digest("second")}]


def test_an_immutable_tag_does_not_move(ecr: Any) -> None:
    put(ecr, "first", "stable")
    ecr.put_image_tag_mutability(repositoryName="notejam", imageTagMutability="IMMUTABLE")
    with pytest.raises(ClientError, match="ImageTagAlreadyExistsException"):
        put(ecr, "second", "stable")
    with pytest.raises(ClientError, match="ImageAlreadyExistsException"):
        put(ecr, "first", "stable")
    assert tags(ecr) == {digest("first"): ["stable"]}


def test_exclusions_are_for_the_opposite(ecr: Any) -> None:
    put(ecr, "first", "stable")
    put(ecr, "first", "dev-1")
    ecr.put_image_tag_mutability(
        repositoryName="notejam",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filter": "dev-*", "filterType": "WILDCARD"}],
    )
    put(ecr, "second", "dev-1")
    with pytest.raises(ClientError, match="ImageTagAlreadyExistsException"):
        put(ecr, "second", "stable")
    assert tags(ecr) == {digest("first"): ["stable"], digest("second"): ["dev-1"]}


def test_a_digest_is_the_manifest_s(ecr: Any) -> None:
    with pytest.raises(ClientError, match="ImageDigestDoesNotMatchException"):
        put(ecr, "first", "stable", imageDigest=digest("second"))
    put(ecr, "first", "stable", imageDigest=digest("first"))
    with pytest.raises(ClientError, match="InvalidParameterException"):
        ecr.put_image(repositoryName="notejam", imageManifest="{", imageTag="broken")
    with pytest.raises(ClientError, match="RepositoryNotFoundException"):
        ecr.put_image(repositoryName="unknown", imageManifest=manifest("first"))


def test_a_scan_on_push_is_complete_and_invents_nothing(ecr: Any) -> None:
    put(ecr, "before", "1.0")
    ecr.put_image_scanning_configuration(
        repositoryName="notejam", imageScanningConfiguration={"scanOnPush": True}
    )
    put(ecr, "after", "1.1")
    found = ecr.describe_image_scan_findings(repositoryName="notejam", imageId={"imageTag": "1.1"})
    assert found["imageScanStatus"]["status"] == "COMPLETE"
    assert found["imageScanFindings"]["findings"] == []
    with pytest.raises(ClientError, match="ScanNotFoundException"):
        ecr.describe_image_scan_findings(repositoryName="notejam", imageId={"imageTag": "1.0"})
    images = ecr.describe_images(repositoryName="notejam")["imageDetails"]
    told = {image["imageTags"][0]: image.get("imageScanStatus", {}).get("status") for image in images}
    assert told == {"1.0": None, "1.1": "COMPLETE"}
    assert images[1]["imageScanFindingsSummary"]["findingSeverityCounts"] == {}
