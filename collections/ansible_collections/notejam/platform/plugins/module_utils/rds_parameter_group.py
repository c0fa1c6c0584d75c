# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The parameter groups of Aurora's clusters and instances, whose operations differ in their names alone."""

from __future__ import annotations

from itertools import batched
from typing import Any, ClassVar

from ansible_collections.notejam.platform.plugins.module_utils.compare import same
from ansible_collections.notejam.platform.plugins.module_utils.rds import RdsResource
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBClusterParameterGroup.html
MOST_PARAMETERS = 20


def group_spec() -> dict[str, Any]:
    """The options of the documentation fragment notejam.platform.rds.parameter_group, and the common ones."""
    return argument_spec(
        name={"required": True},
        family={"required": True},
        description={"required": True},
        parameters={"type": "dict", "default": {}},
    )


class ParameterGroup(RdsResource):
    """A parameter group of `level`, which is "DBCluster" or "DB" as in AWS's names of members."""

    missing = "DBParameterGroupNotFound"
    immutable = frozenset({"family", "description"})
    computed = frozenset({"arn"})
    comparisons: ClassVar = {"parameters": same}
    level: ClassVar[str]

    def call(self, operation: str, **request: Any) -> Any:
        """One operation on this group, such as "modify_{}_parameter_group"."""
        return getattr(self.rds, self._operation(operation))(**self._named, **request)

    @property
    def _named(self) -> dict[str, str]:
        return {f"{self.level}ParameterGroupName": self.params["name"]}

    def _operation(self, operation: str) -> str:
        return operation.format("db_cluster" if self.level == "DBCluster" else "db")

    def describe(self) -> State | None:
        answer = self.found(self._operation("describe_{}_parameter_groups"), **self._named)
        groups = (answer or {}).get(f"{self.level}ParameterGroups")
        if not groups:
            return None
        arn = groups[0][f"{self.level}ParameterGroupArn"]
        pages = self.rds.get_paginator(self._operation("describe_{}_parameters"))
        parameters = pages.paginate(**self._named, Source="user").build_full_result()["Parameters"]
        return {
            "arn": arn,
            "name": self.params["name"],
            "family": groups[0]["DBParameterGroupFamily"],
            "description": groups[0]["Description"],
            "parameters": {each["ParameterName"]: each.get("ParameterValue") for each in parameters},
            "tags": as_dict(self.rds.list_tags_for_resource(ResourceName=arn)["TagList"]),
        }

    def desired(self) -> State:
        state = self.declared("name", "family", "description", "tags")
        return {**state, "parameters": {key: str(value) for key, value in self.params["parameters"].items()}}

    def create(self, desired: State) -> None:
        self.call(
            "create_{}_parameter_group",
            DBParameterGroupFamily=desired["family"],
            Description=desired["description"],
            Tags=as_list(desired.get("tags", {})),
        )
        self.update({}, {"parameters": ({}, desired["parameters"])})

    def update(self, current: State, changes: dict) -> None:
        old, new = changes["parameters"]
        changed = {name: value for name, value in new.items() if old.get(name) != value}
        for some in batched(changed.items(), MOST_PARAMETERS):
            self.call(
                "modify_{}_parameter_group",
                Parameters=[
                    {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
                    for name, value in some
                ],
            )
        for some in batched(sorted(old.keys() - new.keys()), MOST_PARAMETERS):
            self.call(
                "reset_{}_parameter_group",
                Parameters=[{"ParameterName": name, "ApplyMethod": "pending-reboot"} for name in some],
            )

    def delete(self, current: State) -> None:
        self.call("delete_{}_parameter_group")

    def settled(self, current: State) -> bool:
        return True

    def wait(self, state: str) -> None:
        """A parameter group is there at once."""
