"""Whether the policy of a resource lets a service of AWS do something, for a resource that it acts for."""

from typing import Any

from sandbox.aws.conditions import Context, like, met


def lets(
    policy: dict[str, Any], service: str | None, action: str, resource: str | None, context: Context
) -> bool:
    """Whether there is an allowance and no denial; without a service, whosever policy it is.

    `context` holds the keys of the request, in lower case. A trust policy has no resource.
    """
    effects = {
        statement["Effect"]
        for statement in as_list(policy.get("Statement"))
        if (service is None or _means(statement.get("Principal"), service))
        and any(like(each.lower(), action.lower()) for each in as_list(statement.get("Action")))
        and (resource is None or any(like(each, resource) for each in as_list(statement.get("Resource"))))
        and met(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def acting_for(arn: str, account: str, service: str) -> dict[str, list[str]]:
    """The keys of a request that `service` makes for the resource `arn` of `account`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return {
        "aws:sourcearn": [arn],
        "aws:sourceaccount": [account],
        "aws:securetransport": ["true"],
        "aws:principalservicename": [service],
        "aws:principalisawsservice": ["true"],
    }


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _means(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    return isinstance(principal, dict) and (
        service in as_list(principal.get("Service")) or "*" in as_list(principal.get("AWS"))
    )
