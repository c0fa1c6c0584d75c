"""ECR's pull through cache rules, which moto lacks; sandbox/aws/ecr/pull_through.py pulls by them.

Sources: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html and
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html
"""

import re
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse
from moto.secretsmanager.models import secretsmanager_backends

from sandbox.aws import clock
from sandbox.aws.patching import add

# Upstream registries, by whether they are asked with credentials.
OPEN = re.compile(r"public\.ecr\.aws|registry\.k8s\.io|quay\.io|\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com")
CLOSED = re.compile(r"registry-1\.docker\.io|ghcr\.io|registry\.gitlab\.com|cgr\.dev|[a-z0-9]+\.azurecr\.io")
PREFIX = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*/?|ROOT")
SECRET = re.compile(r"arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:ecr-pullthroughcache/.+")
RULES = 50  # https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html


def install() -> None:
    """Extend moto, once in a process."""
    for name in ("create", "update", "delete"):
        add(ECRResponse, f"{name}_pull_through_cache_rule", globals()[f"_{name}"])
    add(ECRResponse, "describe_pull_through_cache_rules", _describe)


class Refusal(ServiceException):
    """Any of ECR's errors."""


def refused(code: str, message: str) -> Refusal:
    error = Refusal(message)
    error.code = code
    return error


def _create(self: Any) -> ActionResult:
    rules, prefix = _rules(self), self._get_param("ecrRepositoryPrefix")
    upstream, credential = self._get_param("upstreamRegistryUrl"), self._get_param("credentialArn")
    if not (2 <= len(prefix) <= 30 and PREFIX.fullmatch(prefix)):
        raise refused("InvalidParameterException", f"'{prefix}' is not a valid repository prefix")
    if prefix in rules:
        message = f"A pull through cache rule with the prefix '{prefix}' already exists"
        raise refused("PullThroughCacheRuleAlreadyExistsException", message)
    if not OPEN.fullmatch(upstream) and not CLOSED.fullmatch(upstream):
        raise refused("UnsupportedUpstreamRegistryException", f"'{upstream}' is not supported")
    if CLOSED.fullmatch(upstream) and not credential:
        raise refused("InvalidParameterException", f"credentialArn is required for '{upstream}'")
    if len(rules) >= RULES:
        raise refused("LimitExceededException", f"A registry has at most {RULES} pull through cache rules")
    _check_secret(self, credential)
    now = int(clock.now())
    rules[prefix] = {
        "ecrRepositoryPrefix": prefix,
        "upstreamRegistryUrl": upstream,
        "createdAt": now,
        "updatedAt": now,
        "registryId": self.current_account,
        **({"credentialArn": credential} if credential else {}),
    }
    return ActionResult(rules[prefix])


def _update(self: Any) -> ActionResult:
    rule, credential = _rule(self), self._get_param("credentialArn")
    _check_secret(self, credential)
    rule |= {"credentialArn": credential, "updatedAt": int(clock.now())}
    return ActionResult(rule)


def _delete(self: Any) -> ActionResult:
    """The repositories that the rule made stay."""
    rule = _rule(self)
    del _rules(self)[rule["ecrRepositoryPrefix"]]
    return ActionResult(rule)


def _describe(self: Any) -> ActionResult:
    rules = _rules(self)
    wanted = self._get_param("ecrRepositoryPrefixes") or sorted(rules)
    return ActionResult({"pullThroughCacheRules": [_found(rules, prefix) for prefix in wanted]})


def _rules(self: Any) -> dict[str, dict[str, Any]]:
    """The registry's rules by prefix."""
    found: dict[str, dict[str, Any]] = self.ecr_backend.__dict__.setdefault("pull_through_cache_rules", {})
    return found


def _rule(self: Any) -> dict[str, Any]:
    return _found(_rules(self), self._get_param("ecrRepositoryPrefix"))


def _found(rules: dict[str, dict[str, Any]], prefix: str) -> dict[str, Any]:
    if prefix not in rules:
        message = f"There is no pull through cache rule with the prefix '{prefix}'"
        raise refused("PullThroughCacheRuleNotFoundException", message)
    return rules[prefix]


def _check_secret(self: Any, arn: str | None) -> None:
    """Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-secret.html"""
    if arn is None:
        return
    if not SECRET.fullmatch(arn):
        raise refused(
            "InvalidParameterException", "The secret's name must begin with 'ecr-pullthroughcache/'"
        )
    if arn not in secretsmanager_backends[self.current_account][self.region].secrets:
        raise refused("SecretNotFoundException", f"The secret {arn} does not exist")
