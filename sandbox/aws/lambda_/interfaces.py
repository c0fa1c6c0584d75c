"""The network interfaces by which Lambda connects functions to a VPC; they outlive the functions for a while.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-attaching
("Lambda can take up to 20 minutes to delete the network interface")
"""

import logging
import uuid
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes, passed
from sandbox.aws.documents import Document, Documents
from sandbox.aws.rounds import Rounds

log = logging.getLogger(__name__)

KIND = "lambda-network-interface"  # one that Lambda will delete
DELETION = "lambda-network-interface-delete"
PREFIX = "AWS Lambda VPC ENI-"
PAUSE = 1.0  # seconds between two rounds


class Interfaces(Rounds):
    """Makes interfaces with a function's network; a thread deletes those whose time has come."""

    def __init__(self, documents: Documents, times: CreationTimes, clients: Clients) -> None:
        super().__init__("lambda-interfaces", PAUSE)
        self._documents = documents
        self._times = times
        self._clients = clients

    def connect(self, function: Document) -> None:
        """Make an interface in each of the function's subnets."""
        network = function["configuration"].get("VpcConfig")
        for subnet in network["SubnetIds"] if network else []:
            self._ec2(function).create_network_interface(
                SubnetId=subnet,
                Groups=network["SecurityGroupIds"],
                Description=f"{described(function)}{uuid.uuid4()}",
            )

    def release(self, function: Document) -> None:
        """Have the function's interfaces deleted, some time from now."""
        where = {"account": function["account"], "region": function["region"]}
        filters = [{"Name": "description", "Values": [f"{described(function)}*"]}]
        found = self._ec2(function).describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        for each in found:
            identifier = each["NetworkInterfaceId"]
            if self._documents.get(KIND, identifier) is None:
                self._documents.put(KIND, identifier, {**where, "due_at": self._times.done_at(DELETION)})

    def step(self) -> None:
        """One round over those that are to go."""
        for identifier, interface in self._documents.all(KIND).items():
            if not passed(interface["due_at"]):
                continue
            try:
                self._ec2(interface).delete_network_interface(NetworkInterfaceId=identifier)
            except ClientError as error:
                log.warning("%s is not there to be deleted: %s", identifier, error)
            self._documents.delete(KIND, identifier)

    def _ec2(self, owner: Document) -> Any:
        return self._clients.get("ec2", owner["account"], owner["region"])


def described(function: Document) -> str:
    """How the descriptions of the function's interfaces begin."""
    return f"{PREFIX}{function['configuration']['FunctionName']}-"
