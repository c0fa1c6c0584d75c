#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_generated_secret
version_added: 0.1.0
short_description: Manage a secret whose secret parts are generated once
description:
  - Keeps a secret in AWS Secrets Manager whose value is a JSON object, made of facts that the task gives and
    of parts that Secrets Manager generates.
  - A generated part is made once, inside the module, and is never returned, shown or logged. It is replaced
    only with O(regenerate=true).
  - Keys of the value that the task does not name stay as they are.
  - A secret that is scheduled for deletion is restored, with its value.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The secret's name.
    type: str
    required: true
  description:
    description: What the secret is for.
    type: str
  kms_key_id:
    description: The ARN of the KMS key that encrypts the secret; by default, a key of Secrets Manager's own.
    type: str
  facts:
    description: The parts of the value that are no secrets, such as a host name. They are shown in diffs.
    type: dict
  generate:
    description: The parts of the value that are generated.
    type: list
    elements: dict
    suboptions:
      key:
        description: The part's key in the value.
        type: str
        required: true
      length:
        description: How many characters are generated.
        type: int
        default: 64
      exclude_characters:
        description: Characters that must not occur.
        type: str
        default: ""
      exclude_punctuation:
        description: Whether only letters and digits occur.
        type: bool
        default: false
  regenerate:
    description: Whether the generated parts get new values. Such a task changes the secret in every run.
    type: bool
    default: false
  replicas:
    description:
      - The other regions that the secret is replicated to; V([]) for none.
      - Left out, the replicas stay as they are.
      - See U(https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html).
    type: list
    elements: dict
    suboptions:
      region:
        description: The replica's region.
        type: str
        required: true
      kms_key_id:
        description: Id, ARN or alias of the KMS key of that region that encrypts the replica.
        type: str
        required: true
  resource_policy:
    description:
      - The secret's resource policy, which its replicas get too; V({}) for none. Left out, it stays as it is.
      - It must let the caller of this module read the value, whose parts the module compares.
    type: dict
  recovery_window:
    description: How many days the deleted secret can be restored, from 7 to 30, with O(state=absent).
    type: int
    default: 30
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep Django's secret key
  notejam.platform.secretsmanager_generated_secret:
    name: notejam-prod/django
    kms_key_id: "{{ site.encryption_keys.arns.secrets }}"
    generate:
      - key: secret_key
        length: 64
    replicas:
      - region: eu-central-1
        kms_key_id: alias/notejam-prod-secrets
"""

RETURN = r"""
secret:
  description: The secret, without what was generated; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The secret's ARN.
      type: str
      sample: arn:aws:secretsmanager:eu-west-1:123456789012:secret:notejam-prod/django-a1b2c3
    description:
      description: What the secret is for.
      type: str
    facts:
      description: Those parts of the value that the task gives.
      type: dict
    generated:
      description: The keys of those parts of the value that are generated, without their values.
      type: list
      elements: str
    kms_key_id:
      description: The ARN of the KMS key; empty when Secrets Manager uses its own.
      type: str
    name:
      description: The secret's name.
      type: str
    replicas:
      description: The other regions that have the secret.
      type: list
      elements: dict
      contains:
        region:
          description: The replica's region.
          type: str
        kms_key_id:
          description: The KMS key that encrypts the replica.
          type: str
    resource_policy:
      description: The secret's resource policy; empty when it has none.
      type: dict
    tags:
      description: The secret's tags.
      type: dict
"""

import json
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items, same_policy
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until


class GeneratedSecret(Resource):
    """A secret: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html."""

    name = "secret"
    computed = frozenset({"arn"})
    comparisons: ClassVar = {
        "generated": same_items,
        "replicas": same_items,
        "resource_policy": same_policy,
    }

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.secretsmanager = self.client("secretsmanager")
        self.parts = {part["key"]: part for part in self.params["generate"] or ()}

    def desired(self) -> dict[str, Any]:
        new = ["(new values)"] if self.params["regenerate"] else []
        return {
            **self.declared("name", "description", "kms_key_id", "facts", "tags"),
            **self.declared("replicas", "resource_policy"),
            "generated": sorted(self.parts) + new,
        }

    def describe(self) -> dict[str, Any] | None:
        secret = self._metadata()
        if secret is None or "DeletedDate" in secret:
            return None
        value = self._value()
        facts = self.params["facts"] or {}
        return {
            "arn": secret["ARN"],
            "description": secret.get("Description", ""),
            "facts": {key: value[key] for key in facts if key in value},
            "generated": sorted(key for key in self.parts if value.get(key)),
            "kms_key_id": secret.get("KmsKeyId", ""),
            "name": secret["Name"],
            # One that failed is as good as none, and is made anew.
            "replicas": [
                {"region": replica["Region"], "kms_key_id": replica.get("KmsKeyId", "")}
                for replica in self._replication(secret)
                if replica["Status"] != "Failed"
            ],
            "resource_policy": self._policy(),
            "tags": as_dict(secret.get("Tags")),
        }

    def create(self, desired: dict[str, Any]) -> None:
        if self._metadata() is not None:
            self.secretsmanager.restore_secret(SecretId=self.identity)
            self._write(desired)
            self.tag({}, desired.get("tags", {}))
            self._replicate(desired.get("replicas", []))
            self._protect(desired)
            return
        self.secretsmanager.create_secret(
            Name=self.identity,
            SecretString=json.dumps(self._completed({})),
            Tags=as_list(desired.get("tags", {})),
            **self._properties(desired),
        )
        # Nobody but the readers meanwhile: a replica has the policy from its beginning.
        self._protect(desired)
        self._replicate(desired.get("replicas", []))

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        wanted = {key: new for key, (_old, new) in changes.items()}
        if wanted.keys() - {"replicas", "resource_policy"}:
            self._write(wanted)
        self._protect(wanted)
        if "replicas" in wanted:
            self._replicate(wanted["replicas"])

    def delete(self, current: dict[str, Any]) -> None:
        # AWS deletes no secret that still has replicas.
        self._replicate([])
        self.secretsmanager.delete_secret(
            SecretId=self.identity, RecoveryWindowInDays=self.params["recovery_window"]
        )

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.secretsmanager.tag_resource(SecretId=self.identity, Tags=as_list(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.secretsmanager.untag_resource(SecretId=self.identity, TagKeys=keys)

    def settled(self, current: dict[str, Any]) -> bool:
        return all(replica["Status"] == "InSync" for replica in self._replication(self._metadata()))

    def wait(self, state: str) -> None:
        if state == "present":
            what = f"Replication of secret {self.identity}"
            wait_until(what, self._replication_status, ["InSync"], self.params["wait_timeout"], ["Failed"])

    def _replication_status(self) -> str:
        """That of the replica that is furthest behind."""
        found = {replica["Status"] for replica in self._replication(self._metadata())}
        return next((status for status in ("Failed", "InProgress") if status in found), "InSync")

    @staticmethod
    def _replication(metadata: dict[str, Any] | None) -> list[dict[str, Any]]:
        return list((metadata or {}).get("ReplicationStatus", []))

    def _replicate(self, wanted: list[dict[str, str]]) -> None:
        """Have replicas in the wanted regions only, each with its key; one with another key is made anew."""
        right = [(replica["region"], replica["kms_key_id"]) for replica in wanted]
        present = self._replication(self._metadata())
        kept = {
            replica["Region"]
            for replica in present
            if (replica["Region"], replica.get("KmsKeyId")) in right and replica["Status"] != "Failed"
        }
        if gone := sorted({replica["Region"] for replica in present} - kept):
            self.secretsmanager.remove_regions_from_replication(
                SecretId=self.identity, RemoveReplicaRegions=gone
            )
            wait_until(
                f"Replicas of secret {self.identity} in {', '.join(gone)}",
                lambda: "present" if self._regions().intersection(gone) else "absent",
                ["absent"],
                self.params["wait_timeout"],
            )
        if new := [{"Region": region, "KmsKeyId": key} for region, key in right if region not in kept]:
            self.secretsmanager.replicate_secret_to_regions(SecretId=self.identity, AddReplicaRegions=new)

    def _regions(self) -> set[str]:
        return {replica["Region"] for replica in self._replication(self._metadata())}

    def _policy(self) -> dict[str, Any]:
        answer = self.secretsmanager.get_resource_policy(SecretId=self.identity)
        return dict(json.loads(answer.get("ResourcePolicy") or "{}"))

    def _protect(self, wanted: dict[str, Any]) -> None:
        """Set the resource policy, if the task gives one."""
        policy = wanted.get("resource_policy")
        if policy:
            self.secretsmanager.put_resource_policy(
                SecretId=self.identity, ResourcePolicy=json.dumps(policy), BlockPublicPolicy=True
            )
        elif policy is not None:
            self.secretsmanager.delete_resource_policy(SecretId=self.identity)

    def _metadata(self) -> dict[str, Any] | None:
        try:
            return dict(self.secretsmanager.describe_secret(SecretId=self.identity))
        except is_boto3_error_code("ResourceNotFoundException"):
            return None

    def _value(self) -> dict[str, Any]:
        """The whole value, which never leaves the module; empty when the secret has none yet."""
        try:
            answer = self.secretsmanager.get_secret_value(SecretId=self.identity)
        except is_boto3_error_code("ResourceNotFoundException"):
            return {}
        except is_boto3_error_code("AccessDeniedException"):
            raise AnsibleAWSError(
                message=f"The caller may not read secret {self.identity}, so its parts cannot be compared. "
                "Run as one of the readers whom its resource policy names."
            ) from None
        try:
            return dict(json.loads(answer["SecretString"]))
        except (KeyError, TypeError, ValueError):
            raise AnsibleAWSError(
                message=f"The value of secret {self.identity} is no JSON object, so its parts cannot be "
                "kept. Give it one, or choose another name."
            ) from None

    def _completed(self, value: dict[str, Any]) -> dict[str, Any]:
        """The value with the task's facts, and with the generated parts that it lacks."""
        again = self.params["regenerate"]
        new = {key: self._generated(part) for key, part in self.parts.items() if again or not value.get(key)}
        return {**value, **(self.params["facts"] or {}), **new}

    def _generated(self, part: dict[str, Any]) -> str:
        answer = self.secretsmanager.get_random_password(
            PasswordLength=part["length"],
            ExcludeCharacters=part["exclude_characters"],
            ExcludePunctuation=part["exclude_punctuation"],
        )
        return str(answer["RandomPassword"])

    def _write(self, properties: dict[str, Any]) -> None:
        value = self._value()
        completed = self._completed(value)
        request = self._properties(properties)
        if completed != value:
            request["SecretString"] = json.dumps(completed)
        self.secretsmanager.update_secret(SecretId=self.identity, **request)

    def _properties(self, wanted: dict[str, Any]) -> dict[str, Any]:
        names = {"description": "Description", "kms_key_id": "KmsKeyId"}
        return {names[key]: value for key, value in wanted.items() if key in names}


def main() -> None:
    part = {
        "key": {"required": True, "no_log": False},
        "length": {"type": "int", "default": 64},
        "exclude_characters": {"default": ""},
        "exclude_punctuation": {"type": "bool", "default": False},
    }
    replica = {"region": {"required": True}, "kms_key_id": {"required": True, "no_log": False}}
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            description={},
            kms_key_id={},
            facts={"type": "dict"},
            generate={"type": "list", "elements": "dict", "options": part},
            regenerate={"type": "bool", "default": False},
            replicas={"type": "list", "elements": "dict", "options": replica},
            resource_policy={"type": "dict"},
            recovery_window={"type": "int", "default": 30},
        ),
        supports_check_mode=True,
    )
    reconcile(GeneratedSecret(module))


if __name__ == "__main__":
    main()
