"""What a person in the console might do to the account's identities."""

from __future__ import annotations

import json

import boto3

BOUNDARY = "notejam-sandbox-boundary-global"
PUSH = "notejam-sandbox-github-push-notejam-global"


def main() -> None:
    iam = boto3.client("iam")
    trust = iam.get_role(RoleName=PUSH)["Role"]["AssumeRolePolicyDocument"]
    subjects = trust["Statement"][0]["Condition"]["StringEquals"]
    subjects["token.actions.githubusercontent.com:sub"] = "repo:somebody/else:ref:refs/heads/main"
    iam.update_assume_role_policy(RoleName=PUSH, PolicyDocument=json.dumps(trust))
    boundary = next(p for p in iam.list_policies(Scope="Local")["Policies"] if p["PolicyName"] == BOUNDARY)
    everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    iam.create_policy_version(
        PolicyArn=boundary["Arn"],
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": everything}),
        SetAsDefault=True,
    )
    iam.update_account_password_policy(MinimumPasswordLength=8)


if __name__ == "__main__":
    main()
