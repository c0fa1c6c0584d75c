"""Tokens of OpenID Connect providers, as STS checks them before a role's trust policy is asked.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
"""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import requests
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from sandbox.aws import clock
from sandbox.aws.conditions import Context
from sandbox.aws.errors import AWSError

log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html#manage-oidc-provider-prerequisites
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
DISCOVERY = "/.well-known/openid-configuration"
SECONDS_TO_ANSWER = 5
Claims = dict[str, Any]
# The key set of an issuer that the emulated AWS is itself, such as a cluster of EKS; None for any other.
OwnKeys = Callable[[str], dict[str, Any] | None]


class Provider:
    """An IAM OIDC provider of the account of the role."""

    def __init__(self, arn: str, url: str, client_ids: list[str], own_keys: OwnKeys) -> None:
        self._own_keys = own_keys
        self.arn = arn
        self.name = url  # without https://, as condition keys begin
        self._client_ids = client_ids

    def verify(self, token: str) -> Claims:
        """The claims of a token that the provider has signed for one of its client ids.

        Raises AWSError InvalidIdentityToken or ExpiredTokenException.
        """
        claims = claims_of(token)
        if not set(audiences(claims)).intersection(self._client_ids):
            raise invalid("Incorrect token audience")
        self._verify_signature(token, str(claims["iss"]))
        for name in ("exp", "iat"):
            if not isinstance(claims.get(name), (int, float)):
                raise invalid(f"Missing a required claim: {name}")
        now = int(clock.now())
        if claims["exp"] <= now:
            raise AWSError(
                "ExpiredTokenException",
                f"Token expired: current date/time {now} must be before the expiration date/time "
                f"{int(claims['exp'])}",
                400,
            )
        if claims.get("nbf", now) > now:
            raise invalid("The ID token is not valid yet")
        return claims

    def context(self, claims: Claims) -> Context:
        """The keys for conditions that a token gives.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
        """
        given = {
            "amr": as_strings(claims.get("amr")),
            "aud": as_strings(claims.get("azp")) or audiences(claims),
            "email": as_strings(claims.get("email")),
            "oaud": audiences(claims) if "azp" in claims else [],
            "sub": as_strings(claims.get("sub")),
        }
        now = clock.now()
        return {
            "aws:federatedprovider": [self.arn],
            "aws:currenttime": [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))],
            "aws:epochtime": [str(int(now))],
            **{f"{self.name}:{key}".lower(): values for key, values in given.items() if values},
        }

    def _verify_signature(self, token: str, issuer: str) -> None:
        """By the keys that the issuer publishes now: a key that it has withdrawn is good no more."""
        try:
            found: Any = self._own_keys(issuer)
            if found is None:
                found = published(published(issuer.rstrip("/") + DISCOVERY)["jwks_uri"])
            keys = KeySet.import_key_set(found)
        except (requests.RequestException, JoseError, ValueError, KeyError, TypeError) as error:
            log.warning("No keys of %s: %s", issuer, error)
            raise invalid(
                "Couldn't retrieve verification key from your identity provider, please reference "
                "AssumeRoleWithWebIdentity documentation for requirements"
            ) from None
        try:
            jws.deserialize_compact(token, keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError) as error:
            log.warning("A token of %s is not signed by it: %s", issuer, error)
            raise invalid("The signature of the ID token could not be verified") from None


def provider_of(token: str, iam: Any, own_keys: OwnKeys) -> Provider:
    """The account's provider for the token's issuer. Raises AWSError InvalidIdentityToken without one."""
    issuer = str(claims_of(token).get("iss", ""))
    url = issuer.split("://", 1)[-1].rstrip("/")
    for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=each["Arn"])
        if found["Url"].rstrip("/") == url:
            return Provider(each["Arn"], url, found["ClientIDList"], own_keys)
    raise invalid(f"No OpenIDConnect provider found in your account for {issuer}")


def claims_of(token: str) -> Claims:
    """What the token says of itself, believed for nothing but to find who could have signed it."""
    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError):
        claims = None
    if not isinstance(claims, dict):
        raise invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        )
    return claims


def audiences(claims: Claims) -> list[str]:
    return as_strings(claims.get("aud"))


def as_strings(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def published(url: str) -> Any:
    """The JSON at the URL. Raises requests' exceptions."""
    response = requests.get(url, timeout=SECONDS_TO_ANSWER)
    response.raise_for_status()
    return response.json()


def invalid(message: str) -> AWSError:
    return AWSError("InvalidIdentityToken", message, 400)
