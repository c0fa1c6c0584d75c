# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The parameter groups of Aurora's clusters and instances, whose operations differ in their names alone."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cached_property
from itertools import batched
from typing import Any, ClassVar

from ansible_collections.notejam.platform.plugins.module_utils.compare import same
from ansible_collections.notejam.platform.plugins.module_utils.rds import RdsResource
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBClusterParameterGroup.html
MOST_PARAMETERS = 20
# A value may be computed from the instance's class:
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_ParamValuesRef.html
FORMULA = re.compile(r"\{.+\}|(?:GREATEST|LEAST|SUM)\(.+\)")
RANGE = re.compile(r"(-?[\d.]+)-(-?[\d.]+)")


def group_spec() -> dict[str, Any]:
    """The options of the documentation fragment notejam.platform.rds.parameter_group, and the common ones."""
    return argument_spec(
        name={"required": True},
        family={"required": True},
        description={"required": True},
        parameters={"type": "dict", "default": {}},
    )


PENDING = "pending-reboot"


def refused(value: str, parameter: dict[str, Any]) -> str | None:
    """What is allowed, when the value is not; None when it is, or when only AWS can tell."""
    allowed, kind = parameter.get("AllowedValues"), parameter.get("DataType")
    if not allowed or FORMULA.fullmatch(value):
        return None
    if kind in ("integer", "float"):
        ends = RANGE.fullmatch(allowed)
        number = re.fullmatch(r"-?\d+(\.\d+)?", value)
        told = not ends or (number and float(ends[1]) <= float(value) <= float(ends[2]))
        return None if told else allowed
    if kind in ("boolean", "string") and "," in allowed:
        return None if value.lower() in (each.strip().lower() for each in allowed.split(",")) else allowed
    return None


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

    @cached_property
    def known(self) -> dict[str, dict[str, Any]]:
        """What AWS says of each parameter of the family, by its name."""
        operation = "describe_engine_default_{}parameters"
        name = operation.format("cluster_" if self.level == "DBCluster" else "")
        pages = self.rds.get_paginator(name).paginate(DBParameterGroupFamily=self.params["family"])
        found = pages.build_full_result()["EngineDefaults"]["Parameters"]
        return {each["ParameterName"]: each for each in found}

    def describe(self) -> State | None:
        found = self._found()
        wanted = self.desired()["parameters"]
        if self.params["state"] == "present" and wanted != (found or {}).get("parameters"):
            self._refuse_parameters(wanted)
        return found

    def _found(self) -> State | None:
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

    def consequences(self, current: State, changes: dict) -> list[str]:
        old, new = changes.get("parameters", ({}, {}))
        static = [
            name
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name) and self._method(name) == PENDING
        ]
        if not static:
            return []
        take = "takes" if len(static) == 1 else "take"
        return [f"{', '.join(static)} {take} effect at each instance's next restart, which is left to you."]

    def _method(self, name: str) -> str:
        """When AWS is to apply a parameter: at once, unless it is read at the start alone."""
        return "immediate" if self.known.get(name, {}).get("ApplyType") == "dynamic" else PENDING

    def _refuse_parameters(self, wanted: dict[str, str]) -> None:
        """Raises AnsibleAWSError for one that the family does not have, or a value that it may not have."""
        for name, value in wanted.items():
            if name not in self.known:
                close = get_close_matches(name, self.known, n=1)
                hint = f" Did you mean {close[0]}?" if close else ""
                raise self.refusal(f"{self.params['family']} has no parameter {name}.{hint}")
            if not self.known[name].get("IsModifiable", True):
                raise self.refusal(f"{name} is AWS's own to set. Leave it out.")
            if allowed := refused(value, self.known[name]):
                raise self.refusal(f"{name} is {value!r}, but AWS allows {allowed}.")

    def update(self, current: State, changes: dict) -> None:
        old, new = changes["parameters"]
        changed = {name: value for name, value in new.items() if old.get(name) != value}
        for some in batched(changed.items(), MOST_PARAMETERS):
            self.call(
                "modify_{}_parameter_group",
                Parameters=[
                    {"ParameterName": name, "ParameterValue": value, "ApplyMethod": self._method(name)}
                    for name, value in some
                ],
            )
        for names in batched(sorted(old.keys() - new.keys()), MOST_PARAMETERS):
            self.call(
                "reset_{}_parameter_group",
                Parameters=[{"ParameterName": name, "ApplyMethod": self._method(name)} for name in names],
            )

    def delete(self, current: State) -> None:
        self.call("delete_{}_parameter_group")

    def settled(self, current: State) -> bool:
        return True

    def wait(self, state: str) -> None:
        """A parameter group is there at once."""
