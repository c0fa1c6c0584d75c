"""ECR's lifecycle policies, by AWS's own examples and by the role's policy.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_examples.html
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from jinja2.nativetypes import NativeEnvironment

from sandbox.aws.cloud import Cloud
from sandbox.aws.ecr.lifecycle import DAY, Image, expiring
from tests.unit.sandbox.aws.conftest import ACCOUNT, REGION
from tests.unit.sandbox.aws.docker import MANIFEST, Docker

ROLE = Path(__file__).resolve().parents[4] / "roles/container_registry"
NOW = 1_000 * DAY
# Name, tags and days since it was pushed, as in the examples.
PRODUCTION_AND_BETA = [
    ("A", ["beta-1", "prod-1"], 10),
    ("B", ["beta-2", "prod-2"], 9),
    ("C", ["beta-3"], 8),
]
ALPHA_AND_BETA = [
    ("A", ["alpha-1"], 12),
    ("B", ["beta-1"], 11),
    ("C", ["alpha-2", "beta-2"], 10),
    ("D", ["alpha-3"], 4),
    ("E", ["beta-3"], 3),
    ("F", ["alpha-4", "beta-4"], 2),
]
WITH_UNTAGGED = [("A", ["alpha-1"], 4), ("B", ["beta-1"], 3), ("C", [], 2), ("D", ["alpha-2"], 1)]

Told = list[tuple[str, list[str], int]]


def images(told: Told) -> list[Image]:
    return [Image(name, tuple(tags), NOW - days * DAY) for name, tags, days in told]


def count(priority: int, number: int, patterns: list[str] | str) -> dict[str, Any]:
    """A rule that keeps so many images of the patterns, or of a status: `any` or `untagged`."""
    status = (
        {"tagStatus": patterns}
        if isinstance(patterns, str)
        else {"tagStatus": "tagged", "tagPatternList": patterns}
    )
    selection = {**status, "countType": "imageCountMoreThan", "countNumber": number}
    return {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}


def age(priority: int, days: int, patterns: list[str] | str) -> dict[str, Any]:
    """A rule that keeps images for so many days."""
    rule = count(priority, days, patterns)
    rule["selection"] |= {"countType": "sinceImagePushed", "countUnit": "days"}
    return rule


@pytest.mark.parametrize(
    ("rules", "told", "gone"),
    [
        ([count(1, 1, ["prod*"]), count(2, 1, ["beta*"])], PRODUCTION_AND_BETA, {"A": 1}),
        ([count(1, 1, ["beta*"]), count(2, 1, ["prod*"])], PRODUCTION_AND_BETA, {"A": 1, "B": 1}),
        ([count(1, 1, ["alpha*"])], ALPHA_AND_BETA, {"A": 1, "C": 1, "D": 1}),
        ([count(1, 1, ["alpha*", "beta*"])], ALPHA_AND_BETA, {"C": 1}),
        ([age(1, 5, ["alpha*", "beta*"])], ALPHA_AND_BETA, {"C": 1}),
        ([count(1, 1, ["alpha*"]), count(2, 1, "any")], WITH_UNTAGGED, {"A": 1, "B": 2, "C": 2}),
        ([count(1, 0, "untagged")], WITH_UNTAGGED, {"C": 1}),
    ],
)
def test_what_goes_in_the_examples(rules: list[dict[str, Any]], told: Told, gone: dict[str, int]) -> None:
    assert expiring(rules, images(told), NOW) == gone
    assert expiring(rules[::-1], images(told)[::-1], NOW) == gone


def role_s_rules(**changes: Any) -> list[dict[str, Any]]:
    """The rules that the role container_registry gives a repository."""
    values = yaml.safe_load((ROLE / "defaults/main.yml").read_text()) | changes
    policy = yaml.safe_load((ROLE / "vars/main.yml").read_text())["__container_registry_lifecycle_policy"]
    environment = NativeEnvironment(autoescape=False)

    def render(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: render(each) for key, each in value.items()}
        if isinstance(value, list):
            return [render(each) for each in value]
        return environment.from_string(value).render(values) if isinstance(value, str) else value

    rendered: list[dict[str, Any]] = render(policy)["rules"]
    return rendered


def test_the_role_s_policy_keeps_what_runs_and_the_last_releases() -> None:
    told: Told = [
        ("runs and is a release", ["1.0.0-abc", "in-use-prod-1.0.0-abc"], 900),
        ("runs and is none", ["branch", "in-use-dev-branch"], 900),
        ("an old release", ["1.0.1-abc"], 800),
        ("the last release but one", ["1.0.2-abc"], 700),
        ("the last release", ["1.0.3-abc"], 600),
        ("an old branch", ["feature"], 91),
        ("a branch", ["other-feature"], 89),
        ("without a tag", [], 8),
        ("without a tag since yesterday", [], 6),
    ]
    gone = expiring(role_s_rules(container_registry_kept_releases=2), images(told), NOW)
    # What runs counts among the releases, and yet no later rule can remove it.
    assert gone == {"an old release": 2, "an old branch": 4, "without a tag": 3}


def described(cloud: Cloud) -> list[dict[str, Any]]:
    """The images, read from within: a signature made before the clock moved on would have expired."""
    ecr = cloud.clients.get("ecr", ACCOUNT, REGION)
    found: list[dict[str, Any]] = ecr.describe_images(repositoryName="notejam")["imageDetails"]
    return found


def test_a_preview_tells_what_goes_and_the_next_day_it_is_gone(
    docker: Docker, ecr: Any, cloud: Cloud, later: Callable[[float], None]
) -> None:
    docker.push("notejam", "1.0", b"first")
    later(1)
    docker.push("notejam", "1.1", b"second")
    text = json.dumps({"rules": [count(1, 1, ["1.*"]) | {"description": "The last one stays"}]})
    with pytest.raises(ClientError, match="LifecyclePolicyPreviewNotFoundException"):
        ecr.get_lifecycle_policy_preview(repositoryName="notejam")
    with pytest.raises(ClientError, match="LifecyclePolicyNotFoundException"):
        ecr.start_lifecycle_policy_preview(repositoryName="notejam")
    started = ecr.start_lifecycle_policy_preview(repositoryName="notejam", lifecyclePolicyText=text)
    assert started["status"] == "IN_PROGRESS"
    with pytest.raises(ClientError, match="LifecyclePolicyPreviewInProgressException"):
        ecr.start_lifecycle_policy_preview(repositoryName="notejam", lifecyclePolicyText=text)
    later(60)
    preview = ecr.get_lifecycle_policy_preview(repositoryName="notejam")
    assert (preview["status"], preview["summary"]) == ("COMPLETE", {"expiringImageTotalCount": 1})
    [result] = preview["previewResults"]
    assert (result["imageTags"], result["action"], result["appliedRulePriority"]) == (
        ["1.0"],
        {"type": "EXPIRE"},
        1,
    )

    ecr.put_lifecycle_policy(repositoryName="notejam", lifecyclePolicyText=text)
    cloud.ecr.expiry.step()
    assert len(described(cloud)) == 2
    later(DAY)
    cloud.ecr.expiry.step()
    [image] = described(cloud)
    assert image["imageTags"] == ["1.1"]
    gone = docker.request("GET", "/v2/notejam/manifests/1.0", headers={"Accept": MANIFEST})
    assert gone.status_code == 404
    # It is evaluated again every day.
    later(1)
    docker.push("notejam", "1.2", b"third")
    later(DAY)
    cloud.ecr.expiry.step()
    [image] = described(cloud)
    assert image["imageTags"] == ["1.2"]


def test_a_policy_that_was_taken_away_removes_nothing(
    docker: Docker, ecr: Any, cloud: Cloud, later: Callable[[float], None]
) -> None:
    docker.push("notejam", "1.0", b"first")
    text = json.dumps({"rules": [age(1, 1, "any") | {"description": "Everything goes after a day"}]})
    ecr.put_lifecycle_policy(repositoryName="notejam", lifecyclePolicyText=text)
    ecr.delete_lifecycle_policy(repositoryName="notejam")
    later(2 * DAY)
    cloud.ecr.expiry.step()
    assert len(described(cloud)) == 1
