"""Jobs that back up an Aurora cluster or copy a recovery point, and the recovery points.

A recovery point here is a record and no data: nothing restores it, and StartRestoreJob says so.

Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartBackupJob.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartCopyJob.html
"""

import re
import uuid
from typing import Any

from sandbox.aws import clock
from sandbox.aws.backup.errors import access_denied, invalid_request, invalid_value, not_found
from sandbox.aws.backup.plans import check_lifecycle
from sandbox.aws.backup.records import COPY_JOB, JOB, RECOVERY_POINT, VAULT, Records, check_role, given
from sandbox.aws.backup.vaults import Vaults, denies, keeps
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.creation_times import CreationTimes, passed
from sandbox.aws.documents import Document
from sandbox.aws.errors import NotImplementedByEmulator
from sandbox.aws.rds.records import Records as DatabaseRecords

CLUSTER_ARN = re.compile(r"arn:aws:rds:([a-z0-9-]+):(\d{12}):cluster:(.+)")
VAULT_ARN = re.compile(r"arn:aws:backup:([a-z0-9-]+):(\d{12}):backup-vault:(.+)")


class Jobs:
    def __init__(
        self, records: Records, vaults: Vaults, times: CreationTimes, databases: DatabaseRecords
    ) -> None:
        self._records = records
        self._vaults = vaults
        self._databases = databases
        self._times = times

    def handlers(self) -> Handlers:
        return {
            ("backup", "StartBackupJob"): self.start,
            ("backup", "DescribeBackupJob"): self.describe,
            ("backup", "ListBackupJobs"): self.list,
            ("backup", "StartCopyJob"): self.start_copy,
            ("backup", "DescribeCopyJob"): self.describe_copy,
            ("backup", "ListRecoveryPointsByBackupVault"): self.list_points,
            ("backup", "DescribeRecoveryPoint"): self.describe_point,
            ("backup", "DeleteRecoveryPoint"): self.delete_point,
            ("backup", "ListProtectedResources"): self.list_protected,
        }

    def start(self, call: Call) -> Result:
        parameters = call.parameters
        vault = self._vaults.get(call, parameters["BackupVaultName"])
        check_role(call, parameters["IamRoleArn"])
        cluster = self._database(call, parameters["ResourceArn"])
        lifecycle = given(parameters.get("Lifecycle") or {})
        check_lifecycle(parameters["BackupVaultName"], lifecycle)
        identifier = str(uuid.uuid4())
        job = {
            "AccountId": call.account,
            "BackupJobId": identifier,
            "BackupVaultName": vault["BackupVaultName"],
            "BackupVaultArn": vault["BackupVaultArn"],
            "CreationDate": clock.now(),
            "IamRoleArn": parameters["IamRoleArn"],
            "ResourceArn": parameters["ResourceArn"],
            "ResourceType": "Aurora",
            "RecoveryPointLifecycle": lifecycle,
        }
        if keeps(vault, lifecycle.get("DeleteAfterDays")):
            job |= self._point(call, vault, f"job-{identifier}", job, cluster.get("KmsKeyId"), "backup-job")
        else:
            job |= {"failed": "Retention is outside of what the vault's lock allows"}
        self._records.put(JOB, call, job, identifier)
        shown = ("BackupJobId", "RecoveryPointArn", "CreationDate")
        return {key: job[key] for key in shown if key in job}

    def describe(self, call: Call) -> Result:
        job = self._records.get(JOB, call, call.parameters["BackupJobId"])
        if job is None:
            raise not_found(f"Cannot find backup job {call.parameters['BackupJobId']}")
        return told_job(job)

    def list(self, call: Call) -> Result:
        parameters = call.parameters
        jobs = [told_job(job) for job in self._records.all(JOB, call)]
        wanted = {
            "ResourceArn": parameters.get("ByResourceArn"),
            "State": parameters.get("ByState"),
            "BackupVaultName": parameters.get("ByBackupVaultName"),
        }
        filters = given(wanted).items()
        return {"BackupJobs": [job for job in jobs if all(job.get(key) == value for key, value in filters)]}

    def start_copy(self, call: Call) -> Result:
        parameters = call.parameters
        source = self._vaults.get(call, parameters["SourceBackupVaultName"])
        point = self._found(call, source["BackupVaultName"], parameters["RecoveryPointArn"])
        check_role(call, parameters["IamRoleArn"])
        if not passed(point["done_at"]):
            raise invalid_request("The recovery point is not COMPLETED")
        match = VAULT_ARN.fullmatch(parameters["DestinationBackupVaultArn"])
        if not match or match[2] != call.account:
            raise invalid_value("DestinationBackupVaultArn is not a vault of this account")
        region, name = match[1], match[3]
        target = self._vaults.get(call, name, region)
        lifecycle = given(parameters.get("Lifecycle") or {})
        check_lifecycle(name, lifecycle)
        identifier = str(uuid.uuid4())
        job = {
            "AccountId": call.account,
            "CopyJobId": identifier,
            "SourceBackupVaultArn": source["BackupVaultArn"],
            "SourceRecoveryPointArn": point["RecoveryPointArn"],
            "DestinationBackupVaultArn": target["BackupVaultArn"],
            "CreationDate": clock.now(),
            "IamRoleArn": parameters["IamRoleArn"],
            "ResourceArn": point["ResourceArn"],
            "ResourceType": point["ResourceType"],
            "DestinationRecoveryPointLifecycle": lifecycle,
        }
        if keeps(target, lifecycle.get("DeleteAfterDays")):
            # A copy is encrypted with the key of the vault that it goes to:
            # https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
            made = self._point(
                call,
                target,
                f"copyjob-{identifier}",
                job,
                target["EncryptionKeyArn"],
                "backup-copy-job",
                region,
            )
            job |= {"DestinationRecoveryPointArn": made["RecoveryPointArn"], "done_at": made["done_at"]}
        else:
            job |= {"failed": "Retention is outside of what the vault's lock allows"}
        self._records.put(COPY_JOB, call, job, identifier)
        return {"CopyJobId": identifier, "CreationDate": job["CreationDate"]}

    def describe_copy(self, call: Call) -> Result:
        job = self._records.get(COPY_JOB, call, call.parameters["CopyJobId"])
        if job is None:
            raise not_found(f"Cannot find copy job {call.parameters['CopyJobId']}")
        return {"CopyJob": told_job(job)}

    def list_points(self, call: Call) -> Result:
        name = call.parameters["BackupVaultName"]
        if self._records.get(VAULT, call, name) is None:
            raise access_denied()
        wanted = call.parameters.get("ByResourceArn")
        points = self._records.all(RECOVERY_POINT, call, name)
        return {
            "RecoveryPoints": [told_point(p) for p in points if wanted is None or p["ResourceArn"] == wanted]
        }

    def describe_point(self, call: Call) -> Result:
        parameters = call.parameters
        return told_point(self._found(call, parameters["BackupVaultName"], parameters["RecoveryPointArn"]))

    def delete_point(self, call: Call) -> Result:
        name, arn = call.parameters["BackupVaultName"], call.parameters["RecoveryPointArn"]
        vault = self._vaults.get(call, name)
        self._found(call, name, arn)
        if denies(vault, "backup:DeleteRecoveryPoint", call.principal.arn):
            raise access_denied()
        if vault.get("lock"):
            raise invalid_request("The recovery point is in a locked vault and cannot be deleted")
        self._records.delete(RECOVERY_POINT, call, name, arn)
        return {}

    def list_protected(self, call: Call) -> Result:
        last: dict[str, Document] = {}
        for point in sorted(self._records.all(RECOVERY_POINT, call), key=lambda p: p["CreationDate"]):
            if passed(point["done_at"]):
                last[point["ResourceArn"]] = {
                    "ResourceArn": point["ResourceArn"],
                    "ResourceType": point["ResourceType"],
                    "LastBackupTime": point["CreationDate"],
                    "LastBackupVaultArn": point["BackupVaultArn"],
                    "LastRecoveryPointArn": point["RecoveryPointArn"],
                }
        return {"Results": list(last.values())}

    def _found(self, call: Call, vault: str, arn: str) -> Document:
        point = self._records.get(RECOVERY_POINT, call, vault, arn)
        if point is None:
            raise not_found(f"Cannot find recovery point {arn}")
        return point

    def _database(self, call: Call, arn: str) -> dict[str, Any]:
        """The Aurora cluster. Raises NotImplementedByEmulator for other kinds of resources."""
        match = CLUSTER_ARN.fullmatch(arn)
        if not match:
            raise NotImplementedByEmulator(
                "backup", "StartBackupJob", f"Only Aurora is backed up, not {arn}."
            )
        if match[1] != call.region or match[2] != call.account:
            raise invalid_value(f"{arn} is in another account or region")
        found = self._databases.by_arn(arn)
        if found is None:
            raise not_found(f"DBCluster {match[3]} not found.")
        return found.answer

    def _point(
        self,
        call: Call,
        vault: Document,
        name: str,
        job: Document,
        key: str | None,
        kind: str,
        region: str | None = None,
    ) -> Document:
        """Begin a recovery point in the vault; returns its ARN and when it is done."""
        arn = f"arn:aws:rds:{region or call.region}:{call.account}:cluster-snapshot:awsbackup:{name}"
        done_at = self._times.done_at(kind)
        lifecycle = job.get("RecoveryPointLifecycle") or job.get("DestinationRecoveryPointLifecycle")
        point = {
            "RecoveryPointArn": arn,
            "BackupVaultName": vault["BackupVaultName"],
            "BackupVaultArn": vault["BackupVaultArn"],
            "SourceBackupVaultArn": job.get("SourceBackupVaultArn"),
            "ResourceArn": job["ResourceArn"],
            "ResourceType": job["ResourceType"],
            "IamRoleArn": job["IamRoleArn"],
            "CreationDate": clock.now(),
            "EncryptionKeyArn": key,
            "IsEncrypted": key is not None,
            "Lifecycle": lifecycle,
            "done_at": done_at,
        }
        self._records.put(RECOVERY_POINT, call, given(point), vault["BackupVaultName"], arn, region=region)
        return {"RecoveryPointArn": arn, "done_at": done_at}


def told_job(job: Document) -> Document:
    shown = {key: value for key, value in job.items() if key[0].isupper()}
    if "failed" in job:
        return shown | {"State": "FAILED", "StatusMessage": job["failed"]}
    if passed(job["done_at"]):
        return shown | {"State": "COMPLETED", "CompletionDate": job["done_at"]}
    return shown | {"State": "RUNNING"}


def told_point(point: Document) -> Document:
    shown = {key: value for key, value in point.items() if key[0].isupper()}
    if passed(point["done_at"]):
        return shown | {"Status": "COMPLETED", "CompletionDate": point["done_at"]}
    return shown | {"Status": "CREATING"}
