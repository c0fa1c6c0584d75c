"""RDS's subnet groups and parameter groups as moto differs from AWS.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/
"""

import re
from typing import Any

from moto.rds.exceptions import DBParameterGroupNotFoundError, DBSubnetGroupNotFoundError, RDSClientError
from moto.rds.models import RDSBackend

from sandbox.aws.patching import replace

ZONES = 2
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithDBClusterParamGroups.html
FAMILY = re.compile(
    r"aurora-postgresql1[1-8]|postgres1[1-8]|aurora-mysql[58]\.\d|mysql[589]\.\d|mariadb1[01]\.\d+"
)


def install() -> None:
    """Patch moto, once in a process."""
    _keep_subnet_groups()
    _check_parameter_groups()


def _check_zones(name: str, subnets: list[Any]) -> None:
    zones = {subnet.availability_zone for subnet in subnets}
    if len(zones) < ZONES:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            f"The DB subnet group {name} doesn't meet Availability Zone (AZ) coverage requirement. Current "
            f"AZ coverage: {', '.join(sorted(zones))}. Add subnets to cover at least {ZONES} AZs.",
        )


def _keep_subnet_groups() -> None:
    """A group covers two zones, survives its modification, and stays while a database is in it."""

    def create_subnet_group(
        self: Any, subnet_name: str, description: str, subnets: Any, tags: list[dict[str, str]]
    ) -> Any:
        if subnet_name in self.subnet_groups:
            raise RDSClientError(
                "DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists."
            )
        _check_zones(subnet_name, subnets)
        return create(self, subnet_name, description, subnets, tags)

    create = replace(RDSBackend, "create_subnet_group", create_subnet_group)

    def modify_db_subnet_group(self: Any, subnet_name: str, description: str, subnets: Any) -> Any:
        if subnet_name not in self.subnet_groups:
            raise DBSubnetGroupNotFoundError(subnet_name)
        _check_zones(subnet_name, subnets)
        group = modify(self, subnet_name, description, subnets)
        self.subnet_groups[subnet_name] = group
        return group

    modify = replace(RDSBackend, "modify_db_subnet_group", modify_db_subnet_group)

    def delete_subnet_group(self: Any, subnet_name: str) -> Any:
        for database in [*self.clusters.values(), *self.databases.values()]:
            if database.db_subnet_group_name == subnet_name:
                raise RDSClientError(
                    "InvalidDBSubnetGroupStateFault",
                    f"Cannot delete the subnet group '{subnet_name}' because at least one database is still "
                    "using it.",
                )
        return delete(self, subnet_name)

    delete = replace(RDSBackend, "delete_subnet_group", delete_subnet_group)


def _check_parameter_groups() -> None:
    """A group is of a family that exists, and a missing one is said to be missing."""

    def describe_db_parameter_groups(self: Any, parameters: dict[str, Any]) -> Any:
        found = describe(self, parameters)
        name = parameters.get("db_parameter_group_name")
        if name and not found:
            raise DBParameterGroupNotFoundError(name)
        return found

    describe = replace(RDSBackend, "describe_db_parameter_groups", describe_db_parameter_groups)

    def create_db_cluster_parameter_group(self: Any, *args: Any, **kwargs: Any) -> Any:
        _check_family(kwargs.get("db_parameter_group_family") or args[1])
        return create_cluster_group(self, *args, **kwargs)

    create_cluster_group = replace(
        RDSBackend, "create_db_cluster_parameter_group", create_db_cluster_parameter_group
    )

    def create_db_parameter_group(self: Any, parameters: dict[str, Any]) -> Any:
        _check_family(parameters["db_parameter_group_family"])
        return create_group(self, parameters)

    create_group = replace(RDSBackend, "create_db_parameter_group", create_db_parameter_group)


def _check_family(family: str) -> None:
    if not FAMILY.fullmatch(family):
        raise RDSClientError("InvalidParameterValue", f"ParameterGroupFamily {family} is not a valid family.")
