"""What no policy of the project may say, whoever wrote it and wherever it is attached."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass
from typing import Any, Literal

with warnings.catch_warnings():
    # It imports pkg_resources, and has regular expressions in plain strings.
    warnings.simplefilter("ignore")
    import parliament

Kind = Literal["identity", "trust", "resource"]
Statement = dict[str, Any]

# The statements that may allow all of a service on everything, by Sid.
EXPLAINED = {
    "ServicesOfThePlatform": "a permissions boundary: it gives nothing, and its denials narrow it",
    "BuildWithinTheBoundary": "who builds the sites makes resources of these services, within the boundary",
}
SERIOUS = frozenset({"MEDIUM", "HIGH", "CRITICAL"})
# Minor to parliament, but an action that does not exist is a right that someone believes to have given.
SERIOUS_ISSUES = frozenset({"UNKNOWN_ACTION", "UNKNOWN_PREFIX"})
# Of every request that a function makes, whatever the action; parliament knows them of none:
# https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
OF_EVERY_ACTION = re.compile(r"condition lambda:SourceFunctionArn ")
EVERYTHING = re.compile(r"\*+|arn:[^:]*:[^:]*:[^:]*:[^:]*:\*+")
WHOLE_SERVICE = re.compile(r"[^:]+:\*+")


@dataclass(frozen=True)
class Policy:
    """`document` is the policy as AWS answered it: JSON, or what the SDK made of it."""

    kind: Kind
    name: str
    document: str | dict[str, Any]


def complaints(policy: Policy) -> list[str]:
    """What is wrong with the policy, a line each."""
    try:
        document = json.loads(policy.document) if isinstance(policy.document, str) else policy.document
    except json.JSONDecodeError as error:
        return [f"{policy.name}: is no JSON: {error}"]
    statements = as_list(document.get("Statement")) if isinstance(document, dict) else []
    if not statements or not all(isinstance(statement, dict) for statement in statements):
        return [f"{policy.name}: has no statements"]
    found = [
        f"{statement.get('Sid', f'statement {position}')} {complaint}"
        for position, statement in enumerate(statements, start=1)
        if statement.get("Effect") == "Allow"
        for complaint in of_an_allowance(policy.kind, statement)
    ]
    if policy.kind == "identity":
        found += of_parliament(document)
    return [f"{policy.name}: {complaint}" for complaint in found]


def of_an_allowance(kind: Kind, statement: Statement) -> list[str]:
    found = [f"allows by {element}" for element in ("NotAction", "NotPrincipal") if element in statement]
    actions = as_list(statement.get("Action"))
    if any(set(action) == {"*"} for action in actions):
        found.append("allows every action")
    whole = [action for action in actions if WHOLE_SERVICE.fullmatch(action)]
    if whole and on_everything(kind, statement) and statement.get("Sid") not in EXPLAINED:
        found.append(f"allows {', '.join(whole)} on everything")
    if kind != "identity" and not statement.get("Condition") and anyone(statement.get("Principal")):
        found.append("lets anyone in without a condition")
    if kind == "trust" and "Federated" in principals(statement) and not named_subjects(statement):
        found.append("trusts an identity provider for whomever it vouches")
    return found


def on_everything(kind: Kind, statement: Statement) -> bool:
    """A resource's own policy means that resource, and is as wide as whom it lets in."""
    if kind != "identity":
        return True
    resources = as_list(statement.get("Resource"))
    return "NotResource" in statement or any(EVERYTHING.fullmatch(resource) for resource in resources)


def principals(statement: Statement) -> dict[str, Any]:
    principal = statement.get("Principal")
    return principal if isinstance(principal, dict) else {}


def anyone(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, dict) and "*" in as_list(principal.get("AWS")))


def named_subjects(statement: Statement) -> bool:
    """Whether the token's subject has to be one of those that the statement lists.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_secure-by-default.html
    """
    positive = ("StringEquals", "StringEqualsIgnoreCase", "StringLike")
    return any(
        key.lower().endswith(":sub") and "*" not in as_list(wanted)
        for operator, keys in statement.get("Condition", {}).items()
        if operator.split(":")[-1] in positive
        for key, wanted in keys.items()
    )


def of_parliament(document: dict[str, Any]) -> list[str]:
    """Misspelt actions, resources or conditions that an action does not know, and so on."""
    found = []
    for each in parliament.analyze_policy_string(json.dumps(document)).findings:
        finding = parliament.enhance_finding(each)
        if OF_EVERY_ACTION.search(str(finding.detail)):
            continue
        if finding.severity in SERIOUS or finding.issue in SERIOUS_ISSUES:
            detail = json.dumps([finding.title, finding.detail, finding.location], default=str)
            found.append(f"parliament: {finding.issue}: {detail}")
    return found


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
