"""What a lifecycle policy removes of a repository's images.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
"""

import re
from dataclasses import dataclass
from typing import Any

DAY = 86400  # seconds


@dataclass(frozen=True)
class Image:
    """An image as the rules see it; `pushed_at` in seconds since the epoch."""

    digest: str
    tags: tuple[str, ...]
    pushed_at: float


def expiring(rules: list[dict[str, Any]], images: list[Image], now: float) -> dict[str, int]:
    """The digests of the images that go, each with the priority of the rule that it goes by.

    A rule selects among all images, as if no other rule were there, but an image whose tags meet a rule is
    out of the reach of every later one.
    """
    marked: dict[str, int] = {}
    seen: set[str] = set()
    for rule in sorted(rules, key=lambda each: int(each["rulePriority"])):
        selection = rule["selection"]
        matching = [image for image in images if matches(selection, image)]
        for image in surplus(selection, matching, now):
            if image.digest not in seen:
                marked[image.digest] = rule["rulePriority"]
        seen |= {image.digest for image in matching}
    return marked


def matches(selection: dict[str, Any], image: Image) -> bool:
    """Whether the image's tags are those that the rule is for: each pattern needs a tag that meets it."""
    if selection["tagStatus"] == "untagged":
        return not image.tags
    if selection["tagStatus"] == "any":
        return True
    patterns = selection.get("tagPatternList") or [f"{one}*" for one in selection.get("tagPrefixList", [])]
    expressions = [re.compile(".*".join(map(re.escape, pattern.split("*")))) for pattern in patterns]
    return all(any(one.fullmatch(tag) for tag in image.tags) for one in expressions)


def surplus(selection: dict[str, Any], images: list[Image], now: float) -> list[Image]:
    """Those of the images that are too many or too old."""
    if selection["countType"] == "imageCountMoreThan":
        newest_first = sorted(images, key=lambda image: image.pushed_at, reverse=True)
        return newest_first[selection["countNumber"] :]
    return [image for image in images if now - image.pushed_at > selection["countNumber"] * DAY]
