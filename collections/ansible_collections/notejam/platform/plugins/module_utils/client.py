# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Clients and sessions whose every call, page and waiter poll is retried with jittered backoff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    import boto3
    import botocore.session
    from botocore.config import Config

    # Throttling and passing faults are retried with exponential backoff, jittered, of at most 20 s each:
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 10})
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info

if TYPE_CHECKING:
    from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def client(module: AnsibleAWSModule, service: str, **parameters: Any) -> Any:
    """A boto3 client with the module's credentials, region and endpoint.

    `parameters` go to the client as they are, such as `region_name` for a replica's region.
    """
    region = parameters.pop("region_name", None)
    if region:
        parameters["region"] = region
    return module.client(service, config=RETRIES, **parameters)


def session(module: AnsibleAWSModule) -> boto3.session.Session:
    """A new boto3 session with the module's credentials and region; a session serves one thread only."""
    region, _endpoint, connection = get_aws_connection_info(module)
    profile = connection.get("profile_name")
    core = botocore.session.Session(profile=profile)
    core.set_default_client_config(RETRIES)
    return boto3.session.Session(
        aws_access_key_id=connection.get("aws_access_key_id"),
        aws_secret_access_key=connection.get("aws_secret_access_key"),
        aws_session_token=connection.get("aws_session_token"),
        botocore_session=core,
        region_name=region,
    )
