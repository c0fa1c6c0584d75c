"""Which tags may move to another image.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
"""

from fnmatch import fnmatchcase

Filters = list[dict[str, str]]


def moves(mutability: str, exclusions: Filters | None, tag: str) -> bool:
    """Whether a repository with this setting lets the tag move; exclusions are for the opposite."""
    excluded = any(fnmatchcase(tag, each["filter"]) for each in exclusions or [])
    return mutability.startswith("MUTABLE") != excluded
