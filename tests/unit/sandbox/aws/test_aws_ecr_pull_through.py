"""ECR's pull through caches: what is pulled comes from the upstream registry, and stays.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from sandbox.settings import Settings
from tests.unit.sandbox.aws.conftest import ACCOUNT, REGION
from tests.unit.sandbox.aws.docker import MANIFEST, Docker, login_of
from tests.unit.sandbox.aws.image_layouts import INDEX, ImageLayout

NAME = "ecr-public/docker/library/redis"
DAY = 1440.0  # seconds here
CREDENTIALS = '{"username": "ada", "accessToken": "a-token"}'


def pull(docker: Docker, name: str = NAME, reference: str = "7", method: str = "GET") -> requests.Response:
    headers = {"Accept": f"{MANIFEST}, {INDEX}"}
    return docker.request(method, f"/v2/{name}/manifests/{reference}", headers=headers)


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def named(ecr: Any, name: str = NAME) -> dict[str, str]:
    """The digests of the repository's images by their tags; of those without one, under no tag."""
    images = ecr.describe_images(repositoryName=name)["imageDetails"]
    return {tag: one["imageDigest"] for one in images for tag in one.get("imageTags", [""])}


def names(ecr: Any) -> list[str]:
    return sorted(each["repositoryName"] for each in ecr.describe_repositories()["repositories"])


@pytest.fixture
def upstream(settings: Settings) -> Callable[[str, str], ImageLayout]:
    """Makes a repository of a public registry."""
    return lambda host, name: ImageLayout(settings.folder / "upstream" / host / name)


@pytest.fixture
def redis(ecr: Any, upstream: Callable[[str, str], ImageLayout]) -> ImageLayout:
    ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="ecr-public", upstreamRegistryUrl="public.ecr.aws")
    return upstream("public.ecr.aws", "docker/library/redis")


def test_what_is_missing_is_imported_into_a_repository_of_ecr_s_defaults(
    docker: Docker, ecr: Any, redis: ImageLayout
) -> None:
    digest = redis.put("7", b"layer")
    pulled = pull(docker)
    assert (pulled.status_code, pulled.headers["Docker-Content-Digest"]) == (200, digest)
    layer = f"/v2/{NAME}/blobs/sha256:{hashlib.sha256(b'layer').hexdigest()}"
    assert docker.request("GET", layer).content == b"layer"
    [repository] = ecr.describe_repositories(repositoryNames=[NAME])["repositories"]
    assert repository["imageTagMutability"] == "MUTABLE"
    assert repository["encryptionConfiguration"] == {"encryptionType": "AES256"}
    [image] = ecr.describe_images(repositoryName=NAME)["imageDetails"]
    assert (image["imageTags"], image["imageDigest"]) == (["7"], digest)
    assert image["imageSizeInBytes"] == len(b"layer") + len(b"{}")


def test_asking_whether_it_is_there_imports_it_too(docker: Docker, ecr: Any, redis: ImageLayout) -> None:
    digest = redis.put("7", b"layer")
    assert pull(docker, method="HEAD").headers["Docker-Content-Digest"] == digest
    assert named(ecr) == {"7": digest}


def test_the_image_is_scanned_and_copied_as_one_that_was_pushed(
    docker: Docker,
    ecr: Any,
    redis: ImageLayout,
    client: Callable[..., Any],
    cloud: Cloud,
    later: Callable[[float], None],
) -> None:
    ecr.create_repository(repositoryName=NAME, imageScanningConfiguration={"scanOnPush": True})
    destination = {"region": "eu-central-1", "registryId": ACCOUNT}
    ecr.put_replication_configuration(replicationConfiguration={"rules": [{"destinations": [destination]}]})
    digest = redis.put("7", b"layer")
    pull(docker)
    [image] = ecr.describe_images(repositoryName=NAME)["imageDetails"]
    assert image["imageScanStatus"]["status"] == "COMPLETE"
    later(120)
    cloud.ecr.replication.step()
    assert named(client("ecr", "eu-central-1")) == {"7": digest}


def test_an_index_comes_with_its_images(docker: Docker, ecr: Any, redis: ImageLayout) -> None:
    digest = redis.put("7", b"amd64", b"arm64")
    pulled = pull(docker)
    assert pulled.headers["Docker-Content-Digest"] == digest
    parts = [each["digest"] for each in pulled.json()["manifests"]]
    images = ecr.describe_images(repositoryName=NAME)["imageDetails"]
    assert {image["imageDigest"] for image in images} == {digest, *parts}
    for part in parts:
        [layer] = pull(docker, reference=part).json()["layers"]
        assert docker.request("GET", f"/v2/{NAME}/blobs/{layer['digest']}").content in (b"amd64", b"arm64")


def test_one_of_an_index_s_images_is_imported_by_its_digest(
    docker: Docker, ecr: Any, redis: ImageLayout
) -> None:
    index = redis.put("7", b"amd64", b"arm64")
    content = (redis.folder / "blobs" / index.replace(":", "/")).read_text()
    digest = json.loads(content)["manifests"][0]["digest"]
    assert pull(docker, reference=digest).status_code == 200
    assert named(ecr) == {"": digest}


def test_the_upstream_is_asked_again_for_a_tag_after_a_day(
    docker: Docker, cloud: Cloud, redis: ImageLayout, later: Callable[[float], None]
) -> None:
    ecr = cloud.clients.get("ecr", ACCOUNT, REGION)  # signs nothing, so that no signature grows old
    first = redis.put("7", b"first")
    pull(docker)
    second = redis.put("7", b"second")
    later(DAY - 60)
    assert pull(docker).headers["Docker-Content-Digest"] == first
    later(61)
    assert pull(docker).headers["Docker-Content-Digest"] == second
    third = redis.put("7", b"third")
    assert pull(docker).headers["Docker-Content-Digest"] == second
    assert named(ecr) == {"": first, "7": second}
    # What the upstream no longer has stays, as does what no rule is for any more.
    (redis.folder / "index.json").unlink()
    later(DAY)
    assert pull(docker).headers["Docker-Content-Digest"] == second
    redis.put("7", b"third")
    ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="ecr-public")
    later(2 * DAY)
    assert pull(docker).headers["Docker-Content-Digest"] == second != third


def test_what_is_immutable_or_was_pushed_is_not_replaced(
    docker: Docker, ecr: Any, redis: ImageLayout, later: Callable[[float], None]
) -> None:
    first = redis.put("7", b"first")
    redis.put("6", b"old")
    pull(docker)
    pull(docker, reference="6")
    ecr.put_image_tag_mutability(
        repositoryName=NAME,
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filter": "6", "filterType": "WILDCARD"}],
    )
    pushed = docker.push(NAME, "6", b"pushed").headers["Docker-Content-Digest"]
    redis.put("7", b"second")
    redis.put("6", b"newer")
    later(2 * DAY)
    assert pull(docker).headers["Docker-Content-Digest"] == first
    assert pull(docker, reference="6").headers["Docker-Content-Digest"] == pushed


def test_what_the_upstream_lacks_is_not_found(docker: Docker, ecr: Any, redis: ImageLayout) -> None:
    assert refusal(pull(docker)) == (404, "MANIFEST_UNKNOWN")
    redis.put("7", b"layer")
    assert refusal(pull(docker, reference="8")) == (404, "MANIFEST_UNKNOWN")
    assert refusal(pull(docker, name="ecr-public/../public.ecr.aws/docker/library/redis"))[0] == 404
    assert refusal(pull(docker, name="ecr-publicity/docker/library/redis")) == (404, "NAME_UNKNOWN")
    assert names(ecr) == ["notejam"]


def test_each_region_has_rules_of_its_own(docker: Docker, redis: ImageLayout, client: Any) -> None:
    redis.put("7", b"layer")
    elsewhere = Docker(docker.url, login_of(client("ecr", "eu-central-1")))
    assert refusal(pull(elsewhere)) == (404, "NAME_UNKNOWN")


def test_the_longest_prefix_decides_and_root_is_for_the_others(
    docker: Docker, ecr: Any, redis: ImageLayout, upstream: Callable[[str, str], ImageLayout]
) -> None:
    for prefix, host in (("ecr-public/docker", "quay.io"), ("ROOT", "registry.k8s.io")):
        ecr.create_pull_through_cache_rule(ecrRepositoryPrefix=prefix, upstreamRegistryUrl=host)
    redis.put("7", b"public")
    quay = upstream("quay.io", "library/redis").put("7", b"quay")
    kubernetes = upstream("registry.k8s.io", "pause").put("7", b"kubernetes")
    assert pull(docker).headers["Docker-Content-Digest"] == quay
    assert pull(docker, name="pause").headers["Docker-Content-Digest"] == kubernetes


def test_another_region_s_registry_is_an_upstream_and_another_account_s_is_not(
    docker: Docker, ecr: Any, client: Callable[..., Any]
) -> None:
    elsewhere = client("ecr", "eu-central-1")
    for prefix, account in (("own", ACCOUNT), ("others", "210987654321")):
        host = f"{account}.dkr.ecr.{REGION}.amazonaws.com"
        elsewhere.create_pull_through_cache_rule(ecrRepositoryPrefix=prefix, upstreamRegistryUrl=host)
    digest = docker.push("notejam", "1.0", b"layer").headers["Docker-Content-Digest"]
    there = Docker(docker.url, login_of(elsewhere))
    pulled = pull(there, name="own/notejam", reference="1.0")
    assert pulled.headers["Docker-Content-Digest"] == digest
    [layer] = pulled.json()["layers"]
    assert there.request("GET", f"/v2/own/notejam/blobs/{layer['digest']}").content == b"layer"
    assert refusal(pull(there, name="others/notejam", reference="1.0")) == (403, "DENIED")


def test_docker_hub_asks_for_a_user_and_a_token(
    docker: Docker, ecr: Any, client: Callable[..., Any], upstream: Callable[[str, str], ImageLayout]
) -> None:
    secrets = client("secretsmanager")
    secret = secrets.create_secret(Name="ecr-pullthroughcache/hub", SecretString='{"username": "ada"}')["ARN"]
    ecr.create_pull_through_cache_rule(
        ecrRepositoryPrefix="docker-hub", upstreamRegistryUrl="registry-1.docker.io", credentialArn=secret
    )
    upstream("registry-1.docker.io", "library/redis").put("7", b"layer")
    assert refusal(pull(docker, name="docker-hub/library/redis")) == (403, "DENIED")
    secrets.put_secret_value(SecretId=secret, SecretString=CREDENTIALS)
    assert pull(docker, name="docker-hub/library/redis").status_code == 200


@pytest.fixture
def puller(docker: Docker, client: Callable[..., Any]) -> Callable[..., Docker]:
    """Makes a role that may do so much, and pulls as it."""

    def make(*actions: str) -> Docker:
        iam, role = client("iam"), f"puller-{len(actions)}"
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=policy(trust))
        statement = {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken", *actions], "Resource": "*"}
        iam.put_role_policy(RoleName=role, PolicyName="pull", PolicyDocument=policy(statement))
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        given = client("sts").assume_role(RoleArn=arn, RoleSessionName="node")["Credentials"]
        session = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        return Docker(docker.url, login_of(client("ecr", **session)))

    return make


def policy(*statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statement)})


def registry_statement(effect: str, principal: Any, *actions: str) -> dict[str, Any]:
    resource = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/ecr-public/*"
    return {
        "Sid": effect,
        "Effect": effect,
        "Principal": principal,
        "Action": list(actions),
        "Resource": [resource],
    }


def test_a_role_imports_what_its_policies_allow(
    docker: Docker, ecr: Any, redis: ImageLayout, puller: Callable[..., Docker]
) -> None:
    redis.put("7", b"layer")
    importing, creating = "ecr:BatchImportUpstreamImage", "ecr:CreateRepository"
    reader = puller()
    assert refusal(pull(reader)) == (404, "MANIFEST_UNKNOWN")
    assert refusal(pull(puller(importing))) == (404, "NAME_UNKNOWN")
    assert names(ecr) == ["notejam"]
    assert pull(puller(importing, creating)).status_code == 200
    assert pull(reader).status_code == 200  # cached by now


def test_the_registry_s_policy_lets_a_role_import_and_keeps_everybody_from_it(
    docker: Docker, ecr: Any, redis: ImageLayout, puller: Callable[..., Docker]
) -> None:
    redis.put("7", b"layer")
    reader, actions = puller(), ("ecr:CreateRepository", "ecr:BatchImportUpstreamImage")
    denial = registry_statement("Deny", "*", "ecr:BatchImportUpstreamImage")
    grant = registry_statement("Allow", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/puller-0"}, *actions)
    ecr.put_registry_policy(policyText=policy(denial, grant))
    assert refusal(pull(reader)) == refusal(pull(docker)) == (404, "MANIFEST_UNKNOWN")
    ecr.put_registry_policy(policyText=policy(grant))
    assert pull(reader).status_code == 200


def test_a_registry_s_policy_is_about_what_registries_do(ecr: Any) -> None:
    with pytest.raises(ClientError, match="Invalid registry policy"):
        ecr.put_registry_policy(policyText=policy(registry_statement("Allow", "*", "ecr:DeleteRepository")))
