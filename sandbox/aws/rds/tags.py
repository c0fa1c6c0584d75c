"""Tags of what is kept here: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Tagging.html"""

from collections.abc import Iterator

from sandbox.aws.calls import Call, Handler, Result
from sandbox.aws.documents import Documents
from sandbox.aws.errors import AWSError
from sandbox.aws.rds.records import WORDS, Record, Records, tag_list

MOST_TAGS = 50
# The codes of a resource that is not there, by the word in its ARN.
MISSING = {
    "cluster": "DBClusterNotFoundFault",
    "db": "DBInstanceNotFound",
    "cluster-snapshot": "DBClusterSnapshotNotFoundFault",
    "global-cluster": "GlobalClusterNotFoundFault",
    "cluster-pg": "DBParameterGroupNotFound",
    "pg": "DBParameterGroupNotFound",
}


class Tags:
    def __init__(self, records: Records) -> None:
        self._records = records

    def handlers(self) -> dict[str, Handler]:
        return {
            "AddTagsToResource": self.add,
            "RemoveTagsFromResource": self.remove,
            "ListTagsForResource": self.list,
        }

    def add(self, call: Call) -> Result:
        record = self._get(call)
        if record is None:
            return call.forward()
        tags = _as_dict(record) | {tag["Key"]: tag["Value"] for tag in tag_list(call.parameters)}
        if len(tags) > MOST_TAGS:
            raise AWSError("InvalidParameterValue", f"A resource can have up to {MOST_TAGS} tags")
        return self._keep(record, tags)

    def remove(self, call: Call) -> Result:
        record = self._get(call)
        if record is None:
            return call.forward()
        gone = set(call.parameters["TagKeys"])
        return self._keep(record, {key: value for key, value in _as_dict(record).items() if key not in gone})

    def list(self, call: Call) -> Result:
        record = self._get(call)
        return call.forward() if record is None else {"TagList": record.answer["TagList"]}

    def _keep(self, record: Record, tags: dict[str, str]) -> Result:
        record.answer["TagList"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        self._records.save(record)
        return {}

    def _get(self, call: Call) -> Record | None:
        """The record; None for a resource of the emulator's. Raises AWSError."""
        arn = call.parameters["ResourceName"]
        word = (arn.split(":", 6) + [""] * 7)[5]
        if word not in MISSING:
            return None
        record = self._records.by_arn(arn)
        if record is None or record.account != call.account or record.region not in ("", call.region):
            raise AWSError(MISSING[word], f"{arn} not found.")
        return record


def tagged(documents: Documents, account: str, region: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """ARN, tags and type of each resource of a region, for the tagging API."""
    records = Records(documents)
    for kind, word in WORDS.items():
        for record in records.of_region(kind, account, region):
            yield record.arn, _as_dict(record), f"rds:{word}"


def _as_dict(record: Record) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in record.answer.get("TagList") or []}
