"""Tags of EKS's resources: https://docs.aws.amazon.com/eks/latest/APIReference/API_TagResource.html"""

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.eks.errors import invalid_parameter, not_found
from sandbox.aws.eks.records import ACCESS_ENTRY, ADDON, CLUSTER, NODEGROUP, POD_IDENTITY, Record, Records

ARN_MEMBERS = {
    CLUSTER: "arn",
    NODEGROUP: "nodegroupArn",
    ADDON: "addonArn",
    ACCESS_ENTRY: "accessEntryArn",
    POD_IDENTITY: "associationArn",
}
MOST_TAGS = 50


class Tags:
    def __init__(self, records: Records) -> None:
        self._records = records

    def handlers(self) -> Handlers:
        return {
            ("eks", "TagResource"): self.tag_resource,
            ("eks", "UntagResource"): self.untag_resource,
            ("eks", "ListTagsForResource"): self.list_tags_for_resource,
        }

    def _get(self, call: Call) -> Record:
        arn = call.parameters["resourceArn"]
        for kind, member in ARN_MEMBERS.items():
            for record in self._records.all(kind, call.account, call.region):
                if record.resource[member] == arn:
                    return record
        raise not_found(f"Resource was not found: {arn}")

    def tag_resource(self, call: Call) -> Result:
        record = self._get(call)
        tags = record.resource["tags"] | call.parameters["tags"]
        if len(tags) > MOST_TAGS:
            raise invalid_parameter(f"A resource can have up to {MOST_TAGS} tags")
        record.resource["tags"] = tags
        self._records.save(record)
        return {}

    def untag_resource(self, call: Call) -> Result:
        record = self._get(call)
        for key in call.parameters["tagKeys"]:
            record.resource["tags"].pop(key, None)
        self._records.save(record)
        return {}

    def list_tags_for_resource(self, call: Call) -> Result:
        return {"tags": self._get(call).resource["tags"]}
