"""The sandbox's AWS Backup in this process, for the modules, with moto's other services beside it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from sandbox.aws.backup.api import Backup
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.documents import Documents
from sandbox.aws.errors import AWSError
from sandbox.aws.rds.records import CLUSTER, Record, Records

ACCOUNT = "123456789012"
STATE = "state.sqlite"


class BackupClients:
    """Clients of moto's, as handlers ask for them."""

    def get(self, service: str, _account: str, region: str) -> Any:
        return boto3.client(service, region)


def install(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Answer AWS Backup's operations from the sandbox's handlers; all others go on to moto."""
    handlers = Backup(Documents(folder / STATE), CreationTimes(60)).handlers()
    elsewhere = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]
    clients = BackupClients()

    def answer(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if client.meta.service_model.service_name != "backup":
            return elsewhere(client, operation, parameters)
        parameters = json.loads(json.dumps(parameters))
        shape = client.meta.service_model.operation_model(operation).input_shape
        report = ParamValidator().validate(parameters, shape)
        assert not report.has_errors(), report.generate_report()
        region = client.meta.region_name
        call: Any = SimpleNamespace(
            account=ACCOUNT,
            region=region,
            parameters=parameters,
            clients=clients,
            client=lambda service: clients.get(service, ACCOUNT, region),
            principal=SimpleNamespace(arn=f"arn:aws:iam::{ACCOUNT}:user/administrator"),
        )
        try:
            result = json.loads(json.dumps(handlers["backup", operation](call)))
        except AWSError as error:
            told = {"Error": {"Code": error.code, "Message": error.message}}
            raise ClientError(told, operation) from None
        if "LockDate" in result:
            result["LockDate"] = datetime.datetime.fromtimestamp(result["LockDate"], tz=datetime.UTC)
        return result

    patch.setattr("botocore.client.BaseClient._make_api_call", answer)


def keep_cluster(folder: Path, identifier: str) -> str:
    """Have an Aurora cluster that can be backed up; returns its ARN."""
    documents = Documents(folder / STATE)
    record = Record(CLUSTER, ACCOUNT, "eu-west-1", identifier, "available", 0)
    Records(documents).save(record)
    documents.close()
    return record.arn
