"""Functions among the resources that the Resource Groups Tagging API finds.

Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from typing import Any

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.documents import Document
from sandbox.aws.lambda_.records import Functions

TYPES = {"lambda", "lambda:function"}


class Tagging:
    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def handlers(self) -> Handlers:
        return {("resourcegroupstaggingapi", "GetResources"): self.get_resources}

    def get_resources(self, call: Call) -> Result:
        """The emulator's resources, and the functions on their last page."""
        result = call.forward()
        if result.get("PaginationToken"):
            return result
        found = [
            {
                "ResourceARN": function["configuration"]["FunctionArn"],
                "Tags": [{"Key": key, "Value": value} for key, value in function["tags"].items()],
            }
            for function in self._functions.all(call.account, call.region)
            if asked_for(function, call.parameters)
        ]
        listed = result.get("ResourceTagMappingList") or []
        return {**result, "ResourceTagMappingList": [*listed, *found]}


def asked_for(function: Document, asked: dict[str, Any]) -> bool:
    """Whether the function has tags, and those, the type and the ARN that the request wants."""
    types, arns = asked.get("ResourceTypeFilters"), asked.get("ResourceARNList")
    tags = function["tags"]
    return bool(
        tags
        and (not types or TYPES.intersection(types))
        and (not arns or function["configuration"]["FunctionArn"] in arns)
        and all(
            each["Key"] in tags and (not each.get("Values") or tags[each["Key"]] in each["Values"])
            for each in asked.get("TagFilters") or []
        )
    )
