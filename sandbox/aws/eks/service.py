"""What the parts of EKS share: their records, their times, and the questions that each asks first."""

import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import Shape

from sandbox.aws import clock
from sandbox.aws.calls import Call
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.eks.errors import in_use, invalid_parameter, invalid_request, not_found
from sandbox.aws.eks.records import ACCESS_ENTRY, CLUSTER, UPDATE, Record, Records, new_id
from sandbox.aws.identities import trust_policy, trusts_service

ROLE_ARN = re.compile(r"arn:aws(-[a-z]+)*:iam::(\d{12}):role/(.+)")
UPDATABLE = "ACTIVE"


@dataclass(frozen=True)
class Service:
    """Shared by the handlers of EKS's resources."""

    records: Records
    times: CreationTimes

    def cluster(self, call: Call, name: str) -> Record:
        """Raises ResourceNotFoundException when there is no such cluster."""
        record = self.records.get(CLUSTER, call.account, call.region, name)
        if record is None:
            raise not_found(f"No cluster found for name: {name}.", clusterName=name)
        return record

    def active_cluster(self, call: Call, name: str) -> Record:
        """Raises InvalidRequestException while the cluster is being made, changed or removed."""
        record = self.cluster(call, name)
        if record.status not in ("ACTIVE", "UPDATING"):
            raise invalid_request(
                f"Cluster '{name}' is not in ACTIVE status; its status is {record.status}", clusterName=name
            )
        return record

    def begin_update(
        self,
        record: Record,
        kind: str,
        parameters: dict[str, Any],
        done_at: float,
        then: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Note that an update of the record is under way; returns it as the API answers it.

        `then` is what the resource is told to be once the update is successful. Raises ResourceInUseException
        while another one is under way.
        """
        if record.status != UPDATABLE:
            raise in_use(
                f"Cannot update {record.names[-1]} because it currently has status {record.status}",
                clusterName=record.cluster,
            )
        update = Record(
            UPDATE,
            record.account,
            record.region,
            [record.cluster, new_id()],
            {
                "status": "InProgress",
                "type": kind,
                "params": [{"type": name, "value": str(value)} for name, value in parameters.items()],
                "createdAt": clock.now(),
                "errors": [],
            },
            done_at,
            {"of": record.kind, "key": record.key, "then": then or {}},
        )
        update.resource["id"] = update.names[-1]
        record.status = "UPDATING"
        record.done_at = done_at
        record.touch()
        with self.records.transaction():
            self.records.save(update)
            self.records.save(record)
        return update.described()


def check_role(call: Call, arn: str, service: str | None, what: str) -> None:
    """Raises InvalidParameterException unless the role exists and `service`, where one is said, may assume
    it.
    """
    match = ROLE_ARN.fullmatch(arn)
    if not match or match[2] != call.account:
        raise invalid_parameter(f"The {what} {arn} is not a role of account {call.account}")
    policy = trust_policy(call, match[2], match[3].rsplit("/", 1)[-1])
    if not policy or (service and not trusts_service(policy, service)):
        raise invalid_parameter(
            f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity "
            f"is not correct (the {what} must trust {service or 'the service account'})"
        )


def check_enumerations(value: Any, shape: Shape | None, path: str = "") -> None:
    """Raises InvalidParameterException for a string that the service model does not list."""
    if shape is None or value is None:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            check_enumerations(value.get(name), member, f"{path}.{name}".lstrip("."))
    elif shape.type_name == "list":
        for item in value:
            check_enumerations(item, shape.member, path)
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        raise invalid_parameter(f"{path}: {value!r} is not one of {', '.join(shape.enum)}")


def ask(describe: Any, **parameters: Any) -> dict[str, Any]:
    """The answer of a describe call to the emulator; its refusal becomes EKS's InvalidParameterException."""
    try:
        return dict(describe(**parameters))
    except ClientError as error:
        raise invalid_parameter(error.response["Error"]["Message"]) from None


def access_entries(records: Records, cluster: Record) -> list[Record]:
    return list(records.all(ACCESS_ENTRY, cluster.account, cluster.region, cluster.cluster))
