"""KMS's replicas on their way, and the key policies that would lock everybody out.

Sources: https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-replicate.html ("Creating"),
key-state.html and key-policy-default.html there, and
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html (BypassPolicyLockoutSafetyCheck).
"""

import json
from collections.abc import Callable
from typing import Any

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.conditions import like, met
from sandbox.aws.errors import AWSError
from sandbox.aws.identities import as_list, principal_of, role_of, statements
from sandbox.aws.slow_resources import CREATING, SlowResources

UPDATING = "updating"
STATES = {CREATING: "Creating", UPDATING: "Updating"}
# What a replica that is being made does not do, and the parameter that names it.
NOT_WHILE_CREATING = {
    "Encrypt": "KeyId",
    "Decrypt": "KeyId",
    "GenerateDataKey": "KeyId",
    "GenerateDataKeyWithoutPlaintext": "KeyId",
    "ReEncrypt": "DestinationKeyId",
    "CreateAlias": "TargetKeyId",
    "UpdateAlias": "TargetKeyId",
    "CreateGrant": "KeyId",
    "EnableKey": "KeyId",
    "DisableKey": "KeyId",
}
ACTION = "kms:putkeypolicy"


class KMS:
    def __init__(self, slow: SlowResources) -> None:
        self._slow = slow

    def handlers(self) -> Handlers:
        judged = {("kms", name): self._not_while_creating(name) for name in NOT_WHILE_CREATING}
        return {
            ("kms", "CreateKey"): self.create_key,
            ("kms", "PutKeyPolicy"): self.put_key_policy,
            ("kms", "ReplicateKey"): self.replicate_key,
            ("kms", "UpdatePrimaryRegion"): self.update_primary_region,
            ("kms", "DescribeKey"): self.describe_key,
            **judged,
        }

    def create_key(self, call: Call) -> Result:
        check_lockout(call)
        return call.forward()

    def put_key_policy(self, call: Call) -> Result:
        check_lockout(call)
        return call.forward()

    def replicate_key(self, call: Call) -> Result:
        check_lockout(call)
        result = call.forward()
        metadata = result["ReplicaKeyMetadata"]
        self._slow.begin(metadata["Arn"], "kms-replica", CREATING)
        self._tell(metadata)
        return result

    def update_primary_region(self, call: Call) -> Result:
        metadata = self._metadata(call, call.parameters["KeyId"])
        self._refuse_on_the_way(metadata)
        result = call.forward()
        region = call.parameters["PrimaryRegion"]
        arn = metadata["Arn"]
        for each in (arn, arn.replace(f":{call.region}:", f":{region}:")):
            self._slow.begin(each, "kms-primary-region", UPDATING)
        return result

    def describe_key(self, call: Call) -> Result:
        result = call.forward()
        self._tell(result["KeyMetadata"])
        return result

    def _tell(self, metadata: dict[str, Any]) -> None:
        change = self._slow.under_way(metadata["Arn"])
        if change and metadata["KeyState"] == "Enabled":
            metadata["KeyState"] = STATES[change]
            metadata["Enabled"] = change != CREATING

    def _not_while_creating(self, operation: str) -> Callable[[Call], Result]:
        def act(call: Call) -> Result:
            key_id = call.parameters.get(NOT_WHILE_CREATING[operation])
            if key_id:
                self._refuse_on_the_way(self._metadata(call, key_id), CREATING)
            return call.forward()

        return act

    def _refuse_on_the_way(self, metadata: dict[str, Any], *changes: str) -> None:
        change = self._slow.under_way(metadata.get("Arn", ""))
        if change and (not changes or change in changes):
            raise AWSError("KMSInvalidStateException", f"{metadata['Arn']} is {STATES[change].lower()}.", 400)

    def _metadata(self, call: Call, key_id: str) -> dict[str, Any]:
        """The key's metadata; nothing of one that does not exist, which the operation itself refuses."""
        kms = call.client("kms")
        try:
            return dict(kms.describe_key(KeyId=key_id)["KeyMetadata"])
        except kms.exceptions.ClientError:
            return {}


def check_lockout(call: Call) -> None:
    """Raises AWSError when the caller could not change the new policy again, unless asked not to look."""
    parameters = call.parameters
    text = parameters.get("Policy")
    if not text or parameters.get("BypassPolicyLockoutSafetyCheck"):
        return
    try:
        policy = json.loads(text)
    except ValueError:
        return  # refused as malformed
    if isinstance(policy, dict) and not _may_change(policy, call):
        raise AWSError(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
            400,
        )


def _may_change(policy: dict[str, Any], call: Call) -> bool:
    """Whether the policy allows the caller, or its account, kms:PutKeyPolicy."""
    arn = role_of(call.principal.arn)
    names = {"*", call.account, f"arn:aws:iam::{call.account}:root", call.principal.arn, arn}
    context = {
        "aws:principalarn": [arn],
        "aws:principalaccount": [call.account],
        "kms:calleraccount": [call.account],
    }
    effects = {
        statement.get("Effect")
        for statement in statements(policy)
        if names.intersection(as_list(principal_of(statement).get("AWS")))
        and any(like(str(each).lower(), ACTION) for each in as_list(statement.get("Action")))
        and met(statement.get("Condition") or {}, context)
    }
    return effects == {"Allow"}
