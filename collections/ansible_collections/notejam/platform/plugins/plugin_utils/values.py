# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Checks of single values and rows that only one variable has: the particular ones of rules.py."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.notejam.platform.plugins.plugin_utils.checks import arn, like, one_of

ENVIRONMENT = re.compile(r"[a-z]([a-z0-9-]{0,13}[a-z0-9])?")
# Those that a cluster, its nodes and Notejam can have a use for, of the services in
# https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
INTERFACE_ENDPOINTS = frozenset(
    [
        "acm-pca",
        "application-autoscaling",
        "athena",
        "autoscaling",
        "backup",
        "cloudformation",
        "cloudtrail",
        "config",
        "dynamodb",
        "ebs",
        "ec2",
        "ec2messages",
        "ecr.api",
        "ecr.dkr",
        "eks",
        "eks-auth",
        "elasticfilesystem",
        "elasticloadbalancing",
        "email-smtp",
        "events",
        "execute-api",
        "fis",
        "glue",
        "grafana",
        "grafana-workspace",
        "guardduty-data",
        "inspector2",
        "kinesis-firehose",
        "kinesis-streams",
        "kms",
        "lambda",
        "logs",
        "monitoring",
        "oam",
        "organizations",
        "rds",
        "rds-data",
        "s3",
        "s3express",
        "secretsmanager",
        "securityhub",
        "servicediscovery",
        "sns",
        "sqs",
        "ssm",
        "ssmmessages",
        "states",
        "sts",
        "synthetics",
        "tagging",
        "wafv2",
        "xray",
    ]
)


def environment(value: str) -> str | None:
    """What is wrong with the name of an environment."""
    if ENVIRONMENT.fullmatch(value):
        return None
    return (
        f"has {len(value)} characters. An environment's name begins AWS's names: 1 to 15 lower-case "
        "letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
    )


def account_id(value: str) -> str | None:
    """What is wrong with an AWS account id."""
    if not re.fullmatch(r"\d{12}", value):
        return "is no AWS account id: those are 12 digits, in quotes."
    return (
        "is a placeholder. Put the id of this environment's AWS account there." if int(value) == 0 else None
    )


def endpoint(value: str) -> str | None:
    """What is wrong with the end of the name of a service that is to have an interface endpoint."""
    if value.startswith("com.amazonaws."):
        return "has the region in it. Write how the name ends, such as ecr.api."
    return one_of(INTERFACE_ENDPOINTS, "service of AWS with an interface endpoint")(value)


def host(value: str) -> str | None:
    """What is wrong with a host name that Notejam is to answer for."""
    if value == "*":
        return "lets every host name through. Name those that Notejam answers for."
    return like(r"\.?[A-Za-z0-9.:\[\]-]+", "host name")(value)


def repository_url(value: str) -> str | None:
    """What is wrong with the URL of a Git repository."""
    if re.search(r"://[^/]*@", value):
        return "has credentials in it. Those are in platform_operations_repository_token."
    return like(r"https?://[^\s/]+/\S+", "URL of a Git repository")(value)


def principal(value: str) -> str | None:
    """What is wrong with an account id, or the ARN of an account, user or role."""
    return None if re.fullmatch(r"\d{12}", value) else arn("root|(?:user|role)/.+")(value)


def github_roles(rows: list[dict[str, Any]]) -> str | None:
    """What is wrong with the table of GitHub's roles.

    https://docs.github.com/en/actions/reference/security/oidc
    """
    seen = set()
    for row in rows:
        told = f"in which {row['repository']} may {row['purpose']}"
        sources = [*(row.get("branches") or []), *(row.get("environments") or [])]
        if any(sign in text for text in (row["repository"], *sources) for sign in "*?"):
            return f"{told} by a wildcard. Name each repository, branch and environment."
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", row["repository"]):
            return (
                f"{told}, but that is no name of a repository; the owner is in identity_github_organization."
            )
        if row["purpose"] == "apply" and (row.get("branches") or row.get("pull_requests")):
            return f"{told} from branches or pull requests. Only environments, which ask for a review, may."
        if not sources and not row.get("pull_requests"):
            return f"{told} from nowhere. Give it branches, environments or pull_requests."
        if (key := (row["repository"], row["purpose"])) in seen:
            return f"{told} twice. Make one row of the two."
        seen.add(key)
    return None
