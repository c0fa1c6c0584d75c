# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whatever else carries the environment's tags: services that have no file of their own here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import (
    ENVIRONMENT,
    Found,
    Scope,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session

# The tagging API goes on telling what is gone, such as a NAT gateway. Services' own lists know better.
ASKED = frozenset(
    [
        "acm",
        "autoscaling",
        "backup",
        "budgets",
        "cloudtrail",
        "cloudwatch",
        "ec2",
        "ecr",
        "elasticloadbalancing",
        "events",
        "iam",
        "kms",
        "lambda",
        "logs",
        "rds",
        "route53",
        "s3",
        "scheduler",
        "secretsmanager",
        "sns",
        "sqs",
        "wafv2",
    ]
)
# Of those, what goes with another resource: `service:word`.
ALSO_ASKED = frozenset(["eks:cluster", "eks:nodegroup"])


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """Everything that the tagging API tells and no other file does."""
    pages = session.client("resourcegroupstaggingapi").get_paginator("get_resources")
    asked = [{"Key": ENVIRONMENT, "Values": [scope.environment]}]
    for page in pages.paginate(TagFilters=asked):
        for each in page["ResourceTagMappingList"]:
            arn = each["ResourceARN"]
            service, rest = arn.split(":", 5)[2::3]
            if service in ASKED or f"{service}:{rest.split('/')[0]}" in ALSO_ASKED:
                continue
            if found := scope.claim(arn, as_dict(each["Tags"]), service):
                yield found
