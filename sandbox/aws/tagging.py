"""The tagging API over all: what the emulator has, and what is served here of EKS, Backup, Lambda and RDS.

Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from collections.abc import Iterator
from typing import Any

from sandbox.aws.backup.records import PLAN, VAULT
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.documents import Documents
from sandbox.aws.eks.records import ADDON, CLUSTER, NODEGROUP, POD_IDENTITY
from sandbox.aws.errors import AWSError
from sandbox.aws.lambda_.records import KIND as FUNCTION
from sandbox.aws.rds import tags as rds_tags

SERVICE = "resourcegroupstaggingapi"
# By the kind of document of EKS: the member with the ARN, and the tagging API's word for it.
OF_EKS = {
    CLUSTER: ("arn", "eks:cluster"),
    NODEGROUP: ("nodegroupArn", "eks:nodegroup"),
    ADDON: ("addonArn", "eks:addon"),
    POD_IDENTITY: ("associationArn", "eks:podidentityassociation"),
}
OF_BACKUP = {VAULT: "backup-vault", PLAN: "backup-plan"}
RESOURCES_PER_PAGE, TAGS_PER_PAGE = 50, 100
NOT_WITH_ARNS = ("ResourceTypeFilters", "ResourcesPerPage", "TagsPerPage", "PaginationToken")


class Tagging:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def handlers(self) -> Handlers:
        return {(SERVICE, "GetResources"): self.get_resources}

    def get_resources(self, call: Call) -> Result:
        from moto.core.resource_tagging import TaggedResource
        from moto.resourcegroupstaggingapi.exceptions import ResourceGroupsTaggingAPIError

        from sandbox.aws.moto.tagged import matching, page  # once the emulator has set moto up

        asked = call.parameters
        resources, tags = asked.get("ResourcesPerPage"), asked.get("TagsPerPage")
        if resources is not None and not 1 <= resources <= 100:
            raise _invalid("ResourcesPerPage must be between 1 and 100")
        if tags is not None and tags not in range(100, 501, 100):
            raise _invalid("TagsPerPage must be between 100 and 500, in steps of 100")
        arns = asked.get("ResourceARNList")
        if arns and any(asked.get(name) for name in NOT_WITH_ARNS):
            raise _invalid(f"ResourceARNList cannot be combined with {', '.join(NOT_WITH_ARNS)}")
        filters = (asked.get("TagFilters"), asked.get("ResourceTypeFilters"), arns)
        own = [TaggedResource(*each) for each in self._own(call)]
        # By their ARNs, because several filters may find the same one.
        found = {each.arn: each for each in (*self._of_the_emulator(call, TaggedResource), *own)}
        try:
            token, shown = page(
                list(matching(found.values(), *filters)),
                asked.get("PaginationToken"),
                resources or RESOURCES_PER_PAGE,
                tags or TAGS_PER_PAGE,
            )
        except ResourceGroupsTaggingAPIError as error:
            raise AWSError("PaginationTokenExpiredException", str(error.message), 400) from None
        told = [
            {
                "ResourceARN": each.arn,
                "Tags": [{"Key": key, "Value": value} for key, value in each.tags.items()],
            }
            for each in shown
        ]
        return {"ResourceTagMappingList": told, "PaginationToken": token or ""}

    def _of_the_emulator(self, call: Call, resource: Any) -> Iterator[Any]:
        """All of them; their types are asked for one by one only where the request filters by type."""
        client = call.client(SERVICE)
        pages = client.get_paginator("get_resources")
        types = call.parameters.get("ResourceTypeFilters")
        for kind in types or [""]:
            given: dict[str, Any] = {"ResourceTypeFilters": [kind]} if kind else {}
            for page in pages.paginate(ResourcesPerPage=100, TagsPerPage=500, **given):
                for each in page["ResourceTagMappingList"]:
                    tags = {tag["Key"]: tag["Value"] for tag in each["Tags"]}
                    yield resource(each["ResourceARN"], tags, kind)

    def _own(self, call: Call) -> Iterator[tuple[str, dict[str, str], str]]:
        """ARN, tags and type of what only the gateway knows of."""
        for kind, (member, told) in OF_EKS.items():
            for document in self._documents.all(kind, f"{call.account}\n{call.region}\n").values():
                resource = document["resource"]
                yield resource[member], resource.get("tags") or {}, told
        for kind, word in OF_BACKUP.items():
            begin = f"{call.account}/{call.region}/"
            for key, document in self._documents.all(kind, begin).items():
                if document.get("DeletionDate"):
                    continue
                name = key.removeprefix(begin)
                arn = f"arn:aws:backup:{call.region}:{call.account}:{word}:{name}"
                yield arn, document.get("tags") or {}, f"backup:{word}"
        for document in self._documents.all(FUNCTION).values():
            if (document["account"], document["region"]) == (call.account, call.region):
                yield document["configuration"]["FunctionArn"], document["tags"], "lambda:function"
        yield from rds_tags.tagged(self._documents, call.account, call.region)


def _invalid(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message, 400)
