# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Checks the AWS credentials, the account they belong to, and the region."""

from __future__ import annotations

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionError,
        HTTPClientError,
        NoCredentialsError,
        PartialCredentialsError,
        ProfileNotFound,
    )
except ImportError:
    pass  # toolchain.old_libraries() reports the missing library.

# One quick try, for a preflight that waits is no preflight; a server that took the call may be busy, though.
IMPATIENT = {"connect_timeout": 2, "read_timeout": 10, "retries": {"total_max_attempts": 1}}
INVALID = {"AuthFailure", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"}
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
ENABLE = "https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"


def failures(account_id: str, region: str, where: str) -> list[str]:
    """What stands against building a site in this account and region, asking AWS.

    `where` says where the account was set.
    """
    try:
        session = boto3.session.Session(region_name=region)
        identity = session.client("sts", config=Config(**IMPATIENT)).get_caller_identity()
        if identity["Account"] != account_id:
            return [
                f"The AWS credentials are those of account {identity['Account']} ({identity['Arn']}), but "
                f"platform_account_id{where} is {account_id}. Choose the credentials of this environment, "
                "such as by AWS_PROFILE."
            ]
        return _disabled(session, region)
    except (NoCredentialsError, PartialCredentialsError):
        return ["No AWS credentials were found. Set AWS_PROFILE, or sign in with aws sso login."]
    except ProfileNotFound as error:
        return [f"{error}. AWS_PROFILE names it; aws configure list-profiles shows those there are."]
    except ClientError as error:
        return [_refused(error, region)]
    except (ConnectionError, HTTPClientError) as error:
        return [f"AWS does not answer: {error}. Check the network, and AWS_ENDPOINT_URL if it is set."]
    except BotoCoreError as error:
        return [f"AWS cannot be asked who these credentials are: {error}."]


def _disabled(session: boto3.session.Session, region: str) -> list[str]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html"""
    answer = session.client("ec2", config=Config(**IMPATIENT)).describe_regions(
        AllRegions=True, RegionNames=[region]
    )
    for found in answer["Regions"]:
        if found.get("OptInStatus") == "not-opted-in":
            return [f"The region {region} is not enabled for this account: {ENABLE}."]
    return []


def _refused(error: ClientError, region: str) -> str:
    code = error.response["Error"]["Code"]
    if code in EXPIRED:
        return "The AWS credentials have expired. Sign in again, such as with aws sso login."
    if code in INVALID:
        return (
            f"AWS does not accept the credentials in {region} ({code}). Check AWS_PROFILE or the AWS_* "
            f"variables; if they work elsewhere, the region is not enabled for this account: {ENABLE}."
        )
    return f"AWS refuses to say who these credentials are or which regions they may use: {error}."
