# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `container_registry` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The site's ECR repositories by the image they hold."""
    wanted = {**tags, "platform:component": "container_registry"}
    ecr = session.client("ecr")
    repositories = {}
    for page in ecr.get_paginator("describe_repositories").paginate():
        for repository in page["repositories"]:
            found = as_dict(ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"])
            if carries(found, wanted):
                repositories[found.get("platform:purpose", "")] = {
                    "arn": repository["repositoryArn"],
                    "uri": repository["repositoryUri"],
                }
    return {"repositories": dict(sorted(repositories.items()))} if repositories else None
