"""Tags of vaults and plans: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_TagResource.html"""

from sandbox.aws.backup.errors import not_found
from sandbox.aws.backup.records import PLAN, VAULT, Records
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.documents import Document

KINDS = {"backup-vault": VAULT, "backup-plan": PLAN}


class Tags:
    def __init__(self, records: Records) -> None:
        self._records = records

    def handlers(self) -> Handlers:
        return {
            ("backup", "TagResource"): self.tag,
            ("backup", "UntagResource"): self.untag,
            ("backup", "ListTags"): self.list,
        }

    def tag(self, call: Call) -> Result:
        kind, name, found = self._tagged(call)
        self._records.put(kind, call, found | {"tags": found["tags"] | call.parameters["Tags"]}, name)
        return {}

    def untag(self, call: Call) -> Result:
        kind, name, found = self._tagged(call)
        left = {
            key: value for key, value in found["tags"].items() if key not in call.parameters["TagKeyList"]
        }
        self._records.put(kind, call, found | {"tags": left}, name)
        return {}

    def list(self, call: Call) -> Result:
        return {"Tags": self._tagged(call)[2]["tags"]}

    def _tagged(self, call: Call) -> tuple[str, str, Document]:
        arn = call.parameters["ResourceArn"]
        _, _, service, region, account, kind, name = (*arn.split(":", 6), *[""] * 7)[:7]
        here = (service, region, account) == ("backup", call.region, call.account)
        found = self._records.get(KINDS.get(kind, kind), call, name) if here else None
        if found is None:
            raise not_found(f"Cannot find the resource {arn}")
        return KINDS[kind], name, found
