"""SNS as moto differs from AWS.

Source: https://docs.aws.amazon.com/sns/latest/api/
"""

from typing import Any

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend
from moto.sns.responses import SNSResponse

from sandbox.aws.patching import replace

# https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html: who is asked for a confirmation.
CONFIRMING = frozenset({"email", "email-json", "http", "https"})
PENDING = "PendingConfirmation"


def install() -> None:
    """Patch moto, once in a process."""
    _wait_for_confirmations()


def _wait_for_confirmations() -> None:
    """A person or an endpoint confirms; until then there is no ARN, no message and no end of it.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html
    """

    def subscribe(self: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
        if protocol == "https" and not endpoint.startswith("https://"):
            raise SNSInvalidParameter("Invalid parameter: Endpoint must match the specified protocol")
        if protocol in ("email", "email-json") and "@" not in endpoint:
            raise SNSInvalidParameter("Invalid parameter: Email address")
        subscription = original(self, topic_arn, endpoint, protocol)
        if protocol in CONFIRMING and not subscription.confirmed:
            subscription.attributes["PendingConfirmation"] = True
        return subscription

    def answered(self: Any) -> Any:
        answer = subscribe_answer(self)
        backend = self.backend
        arn = answer.result["SubscriptionArn"]
        if _pending(backend.subscriptions[arn]):
            answer.result["SubscriptionArn"] = "pending confirmation"
        return answer

    def confirmed_only(name: str) -> None:
        def listed(self: Any) -> Any:
            answer = original_list(self)
            answer.result["Subscriptions"] = [
                {
                    "SubscriptionArn": PENDING if _pending(one) else one.arn,
                    "Owner": one.owner,
                    "Protocol": one.protocol,
                    "Endpoint": one.endpoint,
                    "TopicArn": one.topic_arn,
                }
                for one in answer.result["Subscriptions"]
            ]
            return answer

        original_list = replace(SNSResponse, name, listed)

    def unsubscribe(self: Any, subscription_arn: str) -> None:
        if not subscription_arn.startswith("arn:"):
            raise SNSInvalidParameter(
                "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements"
            )
        leave(self, subscription_arn)

    original = replace(SNSBackend, "subscribe", subscribe)
    leave = replace(SNSBackend, "unsubscribe", unsubscribe)
    subscribe_answer = replace(SNSResponse, "subscribe", answered)
    confirmed_only("list_subscriptions")
    confirmed_only("list_subscriptions_by_topic")


def _pending(subscription: Any) -> bool:
    return bool(subscription.attributes.get("PendingConfirmation"))
