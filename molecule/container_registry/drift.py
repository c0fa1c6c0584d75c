"""What a person in the console might do to the registry."""

from __future__ import annotations

import json

import boto3

NAME = "notejam-sandbox/notejam"


def main() -> None:
    ecr = boto3.client("ecr")
    [repository] = ecr.describe_repositories(repositoryNames=[NAME])["repositories"]
    ecr.put_image_tag_mutability(repositoryName=NAME, imageTagMutability="MUTABLE")
    ecr.put_image_scanning_configuration(
        repositoryName=NAME, imageScanningConfiguration={"scanOnPush": False}
    )
    ecr.delete_lifecycle_policy(repositoryName=NAME)
    everybody = {"Sid": "Pull", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}
    policy = {"Version": "2012-10-17", "Statement": [everybody]}
    ecr.set_repository_policy(repositoryName=NAME, policyText=json.dumps(policy))
    ecr.untag_resource(resourceArn=repository["repositoryArn"], tagKeys=["Name"])
    destinations = [{"region": "eu-north-1", "registryId": repository["registryId"]}]
    prefix = {"filter": "notejam-sandbox/", "filterType": "PREFIX_MATCH"}
    rules = [{"destinations": destinations, "repositoryFilters": [prefix]}]
    ecr.put_replication_configuration(replicationConfiguration={"rules": rules})


if __name__ == "__main__":
    main()
