"""The parameters of Aurora PostgreSQL's families, with the engine's defaults and what each may be set to.

`parameters.csv` has a line for each; `since` and `until` are the major versions that know it. Names, scopes
and defaults are those of AWS's reference, types and ranges PostgreSQL's own:
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Reference.ParameterGroups.html,
https://www.postgresql.org/docs/current/view-pg-settings.html
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.aws.errors import AWSError

FAMILY = re.compile(r"aurora-postgresql(1[3-7])")
TABLE = Path(__file__).with_name("parameters.csv")
# A value may be computed from the machine:
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_ParamValuesRef.html
FORMULA = re.compile(r"\{.+\}|(?:GREATEST|LEAST|SUM)\(.+\)")
RANGE = re.compile(r"(-?[\d.e+-]+?)-([\d.e+]+)")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a family; `default` is None where the engine's documentation names none."""

    name: str
    of_instances: bool  # whether an instance's group may set it too
    static: bool
    data_type: str
    allowed_values: str
    default: str | None
    modifiable: bool

    def described(self) -> dict[str, Any]:
        """As DescribeEngineDefaultClusterParameters tells it."""
        told = {
            "ParameterName": self.name,
            "ParameterValue": self.default,
            "Source": "engine-default" if self.default is None else "system",
            "ApplyType": "static" if self.static else "dynamic",
            "DataType": self.data_type,
            "AllowedValues": self.allowed_values or None,
            "IsModifiable": self.modifiable,
            "ApplyMethod": "pending-reboot",
            "SupportedEngineModes": ["provisioned"],
        }
        return {key: value for key, value in told.items() if value is not None}

    def check(self, value: str) -> None:
        """Raises AWSError for a value that the parameter may not have."""
        if not self.modifiable:
            raise AWSError("InvalidParameterValue", f"The parameter {self.name} cannot be modified.")
        if not self._allows(value):
            raise AWSError(
                "InvalidParameterValue",
                f"Invalid parameter value: {value} for: {self.name} allowed values are: "
                f"{self.allowed_values}",
            )

    def _allows(self, value: str) -> bool:
        if not self.allowed_values or FORMULA.fullmatch(value):
            return True
        if self.data_type in ("integer", "float"):
            bounds = RANGE.fullmatch(self.allowed_values)
            number = re.fullmatch(r"-?\d+" if self.data_type == "integer" else r"-?\d+(\.\d+)?", value)
            return bool(bounds and number and float(bounds[1]) <= float(value) <= float(bounds[2]))
        return value.lower() in self.allowed_values.split(",")


def major(family: str) -> int:
    """The major version of the family. Raises AWSError when Aurora PostgreSQL has no such family."""
    match = FAMILY.fullmatch(family)
    if not match:
        raise AWSError("InvalidParameterValue", f"ParameterGroupFamily {family} is not a valid family.")
    return int(match[1])


def family_of(engine_version: str) -> str:
    return f"aurora-postgresql{engine_version.partition('.')[0]}"


@cache
def catalog(family: str) -> dict[str, Parameter]:
    """The family's parameters by their names. Raises AWSError."""
    version = major(family)
    with TABLE.open(newline="") as lines:
        return {
            line["name"]: Parameter(
                name=line["name"],
                of_instances=line["scope"] == "both",
                static=line["apply_type"] == "static",
                data_type=line["data_type"],
                allowed_values=line["allowed_values"],
                default=line["default"] or None,
                modifiable=line["is_modifiable"] == "yes",
            )
            for line in csv.DictReader(lines)
            if int(line["since"] or 0) <= version <= int(line["until"] or 99)
        }
