"""Service account tokens of the sandbox's cluster, reviewed by its API server."""

import kubernetes

from sandbox.kubernetes.client import UNREACHABLE, api_client
from sandbox.settings import Settings

PREFIX = "system:serviceaccount:"


class ReviewedServiceAccounts:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def review(self, token: str, audience: str) -> tuple[str, str] | None:
        """Namespace and name of the token's service account; None when the token does not hold.

        https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
        """
        specification = kubernetes.client.V1TokenReviewSpec(token=token, audiences=[audience])
        review = kubernetes.client.V1TokenReview(spec=specification)
        with api_client(self._settings) as client:
            try:
                answered = kubernetes.client.AuthenticationV1Api(client).create_token_review(review)
            except UNREACHABLE:
                return None
            status = client.sanitize_for_serialization(answered)["status"]
        username = status.get("user", {}).get("username", "")
        if not status.get("authenticated") or not username.startswith(PREFIX):
            return None
        namespace, _, name = username.removeprefix(PREFIX).partition(":")
        return namespace, name
