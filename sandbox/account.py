"""AWS accounts beside the sandbox's own, so that several environments share one emulated AWS unseen by each
other.
"""

import shlex
from typing import Any

from sandbox.environment import UNSET
from sandbox.settings import Settings

# The role by which an organisation administers an account that it made:
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_create.html
ACCESS_ROLE = "OrganizationAccountAccessRole"


def exports(name: str) -> str:
    """What a shell evaluates to act in the account `name`, made when there is none of that name."""
    environment = credentials(name)
    lines = [f"unset {' '.join(UNSET)}"]
    return "\n".join(lines + [f"export {key}={shlex.quote(value)}" for key, value in environment.items()])


def credentials(name: str) -> dict[str, str]:
    """The environment variables by which the AWS SDKs, and inventories/sandbox, act in the account `name`.

    The session lasts an hour. Raises SandboxError when no sandbox is up.
    """
    import boto3

    settings = Settings.load()
    session = boto3.session.Session(settings.access_key_id, settings.secret_access_key, None, settings.region)
    account = account_id(session.client("organizations", endpoint_url=settings.aws_endpoint_url), name)
    sts = session.client("sts", endpoint_url=settings.aws_endpoint_url)
    role = f"arn:aws:iam::{account}:role/{ACCESS_ROLE}"
    given = sts.assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
    return {
        "AWS_ACCOUNT_ID": account,
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def account_id(organizations: Any, name: str) -> str:
    """The id of the organisation's account of this name, which is made when there is none."""
    try:
        organizations.create_organization(FeatureSet="ALL")
    except organizations.exceptions.AlreadyInOrganizationException:
        pages = organizations.get_paginator("list_accounts").paginate()
        for page in pages:
            for account in page["Accounts"]:
                if account["Name"] == name:
                    return str(account["Id"])
    made = organizations.create_account(AccountName=name, Email=f"{name}@notejam.test")
    return str(made["CreateAccountStatus"]["AccountId"])
