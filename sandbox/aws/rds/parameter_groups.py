"""DB cluster parameter groups and DB parameter groups.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithParamGroups.html
"""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.aws.calls import Call, Handler, Result
from sandbox.aws.errors import AWSError
from sandbox.aws.rds.pages import page
from sandbox.aws.rds.parameters import Parameter, catalog, family_of, major
from sandbox.aws.rds.records import (
    CLUSTER,
    CLUSTER_GROUP,
    INSTANCE,
    WORDS,
    Record,
    Records,
    tag_list,
)

# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBClusterParameterGroup.html
MOST_PARAMETERS = 20
NAME = re.compile(r"[a-z](?:-?[a-z0-9])*", re.IGNORECASE)
LONGEST_NAME = 255
DEFAULT = "default."


@dataclass(frozen=True)
class Value:
    """What a server is to run with; an immediate one is not waited for until its restart."""

    value: str
    immediate: bool


class ParameterGroups:
    """The operations on the groups of one kind, CLUSTER_GROUP or INSTANCE_GROUP."""

    def __init__(self, records: Records, kind: str) -> None:
        self._records = records
        self._kind = kind
        self._noun = "DBClusterParameterGroup" if kind == CLUSTER_GROUP else "DBParameterGroup"
        self._name = f"{self._noun}Name"

    def handlers(self) -> dict[str, Handler]:
        noun, of = self._noun, "Cluster" if self._kind == CLUSTER_GROUP else ""
        return {
            f"Create{noun}": self.create,
            f"Copy{noun}": self.copy,
            f"Describe{noun}s": self.describe,
            f"Modify{noun}": self.modify,
            f"Reset{noun}": self.reset,
            f"Delete{noun}": self.delete,
            f"DescribeDB{of}Parameters": self.describe_parameters,
            f"DescribeEngineDefault{of}Parameters": self.describe_engine_defaults,
        }

    def create(self, call: Call) -> Result:
        asked = call.parameters
        major(asked["DBParameterGroupFamily"])
        return self._make(call, asked[self._name], asked["DBParameterGroupFamily"], asked["Description"], {})

    def copy(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBClusterParameterGroup.html"""
        asked = call.parameters
        source = self.existing(call, asked[f"Source{self._noun}Identifier"].rpartition(":")[2])
        return self._make(
            call,
            asked[f"Target{self._noun}Identifier"],
            source.answer["DBParameterGroupFamily"],
            asked[f"Target{self._noun}Description"],
            source.state["parameters"],
        )

    def _make(
        self, call: Call, name: str, family: str, description: str, parameters: dict[str, Any]
    ) -> Result:
        if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise AWSError(
                "InvalidParameterValue",
                f"The parameter {self._name} is not a valid identifier: letters, digits and single hyphens, "
                "beginning with a letter.",
            )
        record = Record(self._kind, call.account, call.region, name.lower(), "", 0)
        record.answer = {
            self._name: record.identifier,
            "DBParameterGroupFamily": family,
            "Description": description,
            f"{self._noun}Arn": record.arn,
            "TagList": tag_list(call.parameters),
        }
        record.state = {"parameters": parameters}
        with self._records.transaction():
            if self._records.get(self._kind, call.account, call.region, name):
                raise AWSError("DBParameterGroupAlreadyExists", f"Parameter group {name} already exists")
            self._records.save(record)
        return {self._noun: self._told(record)}

    def describe(self, call: Call) -> Result:
        if name := call.parameters.get(self._name):
            return {f"{self._noun}s": [self._told(self.existing(call, name))]}
        defaults = [self._default(call, f"aurora-postgresql{number}") for number in range(13, 18)]
        own = self._records.of_region(self._kind, call.account, call.region)
        return page([self._told(each) for each in (*defaults, *own)], call.parameters, f"{self._noun}s")

    def modify(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBClusterParameterGroup.html"""
        asked = call.parameters
        record = self._changeable(call, asked[self._name])
        known = self._known(record.answer["DBParameterGroupFamily"])
        given = asked["Parameters"]
        if len(given) > MOST_PARAMETERS:
            raise AWSError(
                "InvalidParameterValue", f"A request can modify at most {MOST_PARAMETERS} parameters."
            )
        for each in given:
            parameter = self._find(known, each)
            method = each.get("ApplyMethod", "pending-reboot")
            if method == "immediate" and parameter.static:
                raise AWSError(
                    "InvalidParameterCombination",
                    "cannot use immediate apply method for static parameter",
                )
            parameter.check(each["ParameterValue"])
            record.state["parameters"][parameter.name] = {
                "value": each["ParameterValue"],
                "method": method,
            }
        self._records.save(record)
        return {self._name: record.identifier}

    def reset(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ResetDBClusterParameterGroup.html"""
        asked = call.parameters
        record = self._changeable(call, asked[self._name])
        if asked.get("ResetAllParameters"):
            record.state["parameters"] = {}
        else:
            known = self._known(record.answer["DBParameterGroupFamily"])
            names = [self._find(known, each).name for each in asked.get("Parameters", [])]
            if not names:
                raise AWSError(
                    "InvalidParameterCombination", "ResetAllParameters or Parameters must be specified."
                )
            for name in names:
                record.state["parameters"].pop(name, None)
        self._records.save(record)
        return {self._name: record.identifier}

    def delete(self, call: Call) -> Result:
        record = self._changeable(call, call.parameters[self._name])
        if users := self._users(record):
            raise AWSError(
                "InvalidDBParameterGroupState",
                f"One or more database instances are still members of this parameter group "
                f"{record.identifier}, so the group cannot be deleted: {', '.join(users)}",
            )
        self._records.delete(record)
        return {}

    def describe_parameters(self, call: Call) -> Result:
        record = self.existing(call, call.parameters[self._name])
        source = call.parameters.get("Source")
        told = []
        for parameter in self._known(record.answer["DBParameterGroupFamily"]).values():
            described = parameter.described()
            if own := record.state["parameters"].get(parameter.name):
                described |= {
                    "ParameterValue": own["value"],
                    "Source": "user",
                    "ApplyMethod": own["method"],
                }
            if source in (None, described["Source"]):
                told.append(described)
        return page(told, call.parameters, "Parameters")

    def describe_engine_defaults(self, call: Call) -> Result:
        family = call.parameters["DBParameterGroupFamily"]
        shown = [each.described() for each in self._known(family).values()]
        result = page(shown, call.parameters, "Parameters")
        return {"EngineDefaults": {**result, "DBParameterGroupFamily": family}}

    def existing(self, call: Call, name: str) -> Record:
        """The group, which may be one of AWS's defaults. Raises AWSError."""
        if name.lower().startswith(DEFAULT):
            return self._default(call, name.lower().removeprefix(DEFAULT))
        record = self._records.get(self._kind, call.account, call.region, name)
        if record is None:
            # Also of cluster parameter groups:
            # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusterParameterGroups.html
            raise AWSError("DBParameterGroupNotFound", f"{self._noun} not found: {name}")
        return record

    def check(self, call: Call, name: str, engine_version: str) -> str:
        """The group's name, for a database of this version. Raises AWSError when it is not for that."""
        try:
            record = self.existing(call, name)
        except AWSError as error:
            code = "DBClusterParameterGroupNotFound" if self._kind == CLUSTER_GROUP else error.code
            raise AWSError(code, error.message) from None
        if record.answer["DBParameterGroupFamily"] != family_of(engine_version):
            raise AWSError(
                "InvalidParameterCombination",
                f"The Parameter Group {name} with DBParameterGroupFamily "
                f"{record.answer['DBParameterGroupFamily']} can't be used for this instance. Please use a "
                f"Parameter Group with DBParameterGroupFamily {family_of(engine_version)}",
            )
        return record.identifier

    def values(self, account: str, region: str, name: str) -> dict[str, Value]:
        """What the group sets, by parameter."""
        record = self._records.get(self._kind, account, region, name)
        given = record.state["parameters"] if record else {}
        return {key: Value(each["value"], each["method"] == "immediate") for key, each in given.items()}

    def _default(self, call: Call, family: str) -> Record:
        major(family)
        record = Record(self._kind, call.account, call.region, f"{DEFAULT}{family}", "", 0)
        record.answer = {
            self._name: record.identifier,
            "DBParameterGroupFamily": family,
            "Description": f"Default {WORDS[self._kind]} for {family}",
            f"{self._noun}Arn": record.arn,
        }
        record.state = {"parameters": {}}
        return record

    def _changeable(self, call: Call, name: str) -> Record:
        if name.lower().startswith(DEFAULT):
            raise AWSError(
                "InvalidParameterValue",
                f"The parameter {self._name} is not a valid identifier. Default parameter groups cannot be "
                "changed.",
            )
        return self.existing(call, name)

    def _known(self, family: str) -> dict[str, Parameter]:
        of_clusters = self._kind == CLUSTER_GROUP
        return {name: each for name, each in catalog(family).items() if of_clusters or each.of_instances}

    @staticmethod
    def _find(known: dict[str, Parameter], given: dict[str, Any]) -> Parameter:
        name = given["ParameterName"].lower()
        if name not in known:
            raise AWSError("InvalidParameterValue", f"Could not find parameter with name: {name}")
        return known[name]

    def _users(self, group: Record) -> list[str]:
        kind = CLUSTER if self._kind == CLUSTER_GROUP else INSTANCE
        return [
            each.identifier
            for each in self._records.of_region(kind, group.account, group.region)
            if each.state["parameter_group"] == group.identifier
        ]

    @staticmethod
    def _told(record: Record) -> dict[str, Any]:
        return {name: value for name, value in record.answer.items() if name != "TagList"}
