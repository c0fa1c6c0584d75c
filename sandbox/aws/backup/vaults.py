"""Vaults with their access policies and locks.

Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/vaults.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
"""

import json
from typing import Any

from sandbox.aws import clock
from sandbox.aws.backup.errors import (
    access_denied,
    already_exists,
    invalid_request,
    invalid_value,
    not_found,
)
from sandbox.aws.backup.records import RECOVERY_POINT, VAULT, Records, arn, check_name, given, key_arn
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.documents import Document
from sandbox.aws.identities import as_list, role_of, statements

NAME = r"[a-zA-Z0-9\-_]{2,50}"
DAY = 86400  # seconds
LONGEST_RETENTION = 36500  # days
SHORTEST_COOLING_OFF = 3  # days
OWN_KEY = "alias/aws/backup"


class Vaults:
    def __init__(self, records: Records) -> None:
        self._records = records

    def handlers(self) -> Handlers:
        return {
            ("backup", "CreateBackupVault"): self.create,
            ("backup", "DescribeBackupVault"): self.describe,
            ("backup", "ListBackupVaults"): self.list,
            ("backup", "DeleteBackupVault"): self.delete,
            ("backup", "PutBackupVaultAccessPolicy"): self.put_policy,
            ("backup", "GetBackupVaultAccessPolicy"): self.get_policy,
            ("backup", "DeleteBackupVaultAccessPolicy"): self.delete_policy,
            ("backup", "PutBackupVaultLockConfiguration"): self.put_lock,
            ("backup", "DeleteBackupVaultLockConfiguration"): self.delete_lock,
        }

    def get(self, call: Call, name: str, region: str | None = None) -> Document:
        """Raises ResourceNotFoundException when there is no such vault."""
        vault = self._records.get(VAULT, call, name, region=region)
        if vault is None:
            raise not_found(f"Cannot find Backup vault {name}.")
        return vault

    def create(self, call: Call) -> Result:
        parameters = call.parameters
        name = parameters["BackupVaultName"]
        check_name(name, NAME, "BackupVaultName")
        if self._records.get(VAULT, call, name):
            raise already_exists("Backup vault with the same name already exists")
        vault = {
            "BackupVaultName": name,
            "BackupVaultArn": arn(call, "backup-vault", name),
            "VaultType": "BACKUP_VAULT",
            "EncryptionKeyArn": key_arn(call, parameters.get("EncryptionKeyArn") or OWN_KEY),
            "CreationDate": clock.now(),
            "CreatorRequestId": parameters.get("CreatorRequestId"),
            "tags": parameters.get("BackupVaultTags") or {},
        }
        self._records.put(VAULT, call, vault, name)
        return {key: vault[key] for key in ("BackupVaultName", "BackupVaultArn", "CreationDate")}

    def describe(self, call: Call) -> Result:
        return self._told(call, self._permitted(call))

    def list(self, call: Call) -> Result:
        return {"BackupVaultList": [self._told(call, vault) for vault in self._records.all(VAULT, call)]}

    def delete(self, call: Call) -> Result:
        vault = self.get(call, call.parameters["BackupVaultName"])
        if self._records.all(RECOVERY_POINT, call, vault["BackupVaultName"]):
            raise invalid_request("Backup vault cannot be deleted because it contains recovery points.")
        self._records.delete(VAULT, call, vault["BackupVaultName"])
        return {}

    def put_policy(self, call: Call) -> Result:
        vault = self.get(call, call.parameters["BackupVaultName"])
        text = call.parameters.get("Policy") or ""
        check_policy(text)
        self._save(call, vault | {"policy": text})
        return {}

    def get_policy(self, call: Call) -> Result:
        vault = self._permitted(call)
        if not vault.get("policy"):
            raise not_found("Backup vault access policy is not found.")
        named = {key: vault[key] for key in ("BackupVaultName", "BackupVaultArn")}
        return named | {"Policy": vault["policy"]}

    def delete_policy(self, call: Call) -> Result:
        self._save(call, self.get(call, call.parameters["BackupVaultName"]) | {"policy": None})
        return {}

    def put_lock(self, call: Call) -> Result:
        vault = self.get(call, call.parameters["BackupVaultName"])
        check_changeable(vault)
        parameters = call.parameters
        shortest, longest = parameters.get("MinRetentionDays"), parameters.get("MaxRetentionDays")
        changeable = parameters.get("ChangeableForDays")
        if shortest is not None and shortest < 1:
            raise invalid_value("MinRetentionDays must be at least 1 day")
        if longest is not None and not (shortest or 1) <= longest <= LONGEST_RETENTION:
            raise invalid_value(f"MaxRetentionDays must be from MinRetentionDays to {LONGEST_RETENTION} days")
        if changeable is not None and not SHORTEST_COOLING_OFF <= changeable <= LONGEST_RETENTION:
            raise invalid_value(f"ChangeableForDays must be at least {SHORTEST_COOLING_OFF} days")
        lock_date = None if changeable is None else clock.now() + changeable * DAY
        lock = {"MinRetentionDays": shortest, "MaxRetentionDays": longest, "LockDate": lock_date}
        self._save(call, vault | {"lock": lock})
        return {}

    def delete_lock(self, call: Call) -> Result:
        vault = self.get(call, call.parameters["BackupVaultName"])
        check_changeable(vault)
        self._save(call, vault | {"lock": None})
        return {}

    def _save(self, call: Call, vault: Document) -> None:
        self._records.put(VAULT, call, vault, vault["BackupVaultName"])

    def _permitted(self, call: Call) -> Document:
        """Who asks for a vault that is not there learns only that it may not."""
        vault = self._records.get(VAULT, call, call.parameters["BackupVaultName"])
        if vault is None:
            raise access_denied()
        return vault

    def _told(self, call: Call, vault: Document) -> Document:
        points = self._records.all(RECOVERY_POINT, call, vault["BackupVaultName"])
        shown = {key: value for key, value in vault.items() if key[0].isupper()}
        return given(
            shown
            | (vault.get("lock") or {})
            | {"Locked": bool(vault.get("lock")), "NumberOfRecoveryPoints": len(points)}
        )


def check_policy(text: str) -> None:
    """Raises InvalidParameterValueException; a vault's policy has no wildcard in Action.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html
    """
    try:
        found = statements(json.loads(text))
    except ValueError:
        found = []
    if not found:
        raise invalid_value("Policy is not a valid policy document")
    for statement in found:
        actions = as_list(statement.get("Action"))
        if not actions or any("*" in a or not a.startswith("backup:") for a in actions):
            raise invalid_value("Policy has an action that is not one of AWS Backup's, or a wildcard")


def check_changeable(vault: Document) -> None:
    """Raises InvalidRequestException for a lock whose date is over: nobody changes it any more."""
    lock_date = (vault.get("lock") or {}).get("LockDate")
    if lock_date is not None and clock.now() >= lock_date:
        raise invalid_request("The Vault Lock configuration is immutable and cannot be changed or deleted.")


def keeps(vault: Document, days: int | None) -> bool:
    """Whether the vault's lock takes a backup that is kept for `days`; for ever, where None is given.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
    """
    lock = vault.get("lock") or {}
    shortest, longest = lock.get("MinRetentionDays"), lock.get("MaxRetentionDays")
    if days is None:
        return longest is None
    return (shortest or 0) <= days <= (longest or days)


def denies(vault: Document, action: str, caller: str) -> bool:
    """Whether the vault's policy denies everybody the action, but for whom ArnNotEquals on
    aws:PrincipalArn excepts.
    """
    for statement in statements(json.loads(vault.get("policy") or "{}")):
        actions: list[Any] = as_list(statement.get("Action"))
        excepted = statement.get("Condition", {}).get("ArnNotEquals", {}).get("aws:PrincipalArn")
        if (
            statement.get("Effect") == "Deny"
            and action in actions
            and role_of(caller) not in as_list(excepted)
        ):
            return True
    return False
