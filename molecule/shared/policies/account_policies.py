"""Every policy that an account has of its own, in the region of the session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
from botocore.exceptions import ClientError
from policy_rules import Policy

NO_POLICY = frozenset({"NoSuchBucketPolicy", "RepositoryPolicyNotFoundException"})


def account_policies(session: boto3.session.Session) -> list[Policy]:
    """Raises botocore's ClientError, because what cannot be read is not linted."""
    return [
        *identity_policies(session.client("iam")),
        *key_policies(session.client("kms")),
        *bucket_policies(session.client("s3")),
        *secret_policies(session.client("secretsmanager")),
        *repository_policies(session.client("ecr")),
        *topic_policies(session.client("sns")),
    ]


def identity_policies(iam: Any) -> Iterator[Policy]:
    """Managed and inline policies, of which a boundary is one, and trust policies. AWS's own are AWS's."""
    details = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User", "Role", "Group", "LocalManagedPolicy"]
    )
    for page in details:
        for managed in page["Policies"]:
            for version in managed["PolicyVersionList"]:
                yield Policy("identity", f"{managed['Arn']} {version['VersionId']}", version["Document"])
        for role in page["RoleDetailList"]:
            if not role["Path"].startswith("/aws-service-role/"):
                yield Policy("trust", f"{role['Arn']} (trust)", role["AssumeRolePolicyDocument"])
        owners = {"UserDetailList": "User", "RoleDetailList": "Role", "GroupDetailList": "Group"}
        for details_of, owner in owners.items():
            for each in page[details_of]:
                for inline in each.get(f"{owner}PolicyList", []):
                    yield Policy(
                        "identity", f"{each['Arn']} {inline['PolicyName']}", inline["PolicyDocument"]
                    )


def key_policies(kms: Any) -> Iterator[Policy]:
    for key in pages(kms, "list_keys", "Keys"):
        described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if described["KeyManager"] == "CUSTOMER":
            document = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
            yield Policy("resource", described["Arn"], document)


def bucket_policies(s3: Any) -> Iterator[Policy]:
    for bucket in s3.list_buckets()["Buckets"]:
        found = unless_missing(s3.get_bucket_policy, Bucket=bucket["Name"])
        if found:
            yield Policy("resource", f"bucket {bucket['Name']}", found["Policy"])


def secret_policies(secretsmanager: Any) -> Iterator[Policy]:
    for secret in pages(secretsmanager, "list_secrets", "SecretList"):
        found = secretsmanager.get_resource_policy(SecretId=secret["ARN"])
        if found.get("ResourcePolicy"):
            yield Policy("resource", secret["ARN"], found["ResourcePolicy"])


def repository_policies(ecr: Any) -> Iterator[Policy]:
    for repository in pages(ecr, "describe_repositories", "repositories"):
        found = unless_missing(ecr.get_repository_policy, repositoryName=repository["repositoryName"])
        if found:
            yield Policy("resource", repository["repositoryArn"], found["policyText"])


def topic_policies(sns: Any) -> Iterator[Policy]:
    for topic in pages(sns, "list_topics", "Topics"):
        attributes = sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
        yield Policy("resource", topic["TopicArn"], attributes["Policy"])


def pages(client: Any, operation: str, key: str) -> list[dict[str, Any]]:
    return list(client.get_paginator(operation).paginate().build_full_result()[key])


def unless_missing(read: Any, **parameters: str) -> dict[str, Any] | None:
    try:
        return dict(read(**parameters))
    except ClientError as error:
        if error.response["Error"]["Code"] in NO_POLICY:
            return None
        raise
