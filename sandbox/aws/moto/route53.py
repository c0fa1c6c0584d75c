"""Route 53 as moto differs from AWS: a change is judged by the records there are, not by those of the past.

Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

import copy
from typing import Any

from moto.route53.exceptions import ResourceRecordAlreadyExists, Route53ClientError
from moto.route53.models import ChangeList, Route53Backend

from sandbox.aws.patching import replace

Key = tuple[str, str, str | None]


class InvalidChangeBatch(Route53ClientError):
    def __init__(self, key: Key, why: str):
        what = f"Tried to delete resource record set [name='{key[0]}', type='{key[1]}'] but {why}"
        super().__init__("InvalidChangeBatch", what)


def install() -> None:
    """Patch moto, once in a process."""

    def change_resource_record_sets(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> Any:
        zone = self.get_hosted_zone(zoneid)
        refuse(zone, change_list)
        # moto's memory of all changes would refuse what was deleted once, and delete what is gone.
        zone.rr_changes = ChangeList()
        for each in change_list:
            if each["Action"] == "DELETE":
                zone.rr_changes.append({**copy.deepcopy(each), "Action": "UPSERT"})
        return change(self, zoneid, change_list)

    change = replace(Route53Backend, "change_resource_record_sets", change_resource_record_sets)


def refuse(zone: Any, change_list: list[dict[str, Any]]) -> None:
    """Raise InvalidChangeBatch for what is there already or is not there, one change after the other."""
    present: dict[Key, Any] = {
        (each.name, each.type, each.set_identifier): _told(each) for each in zone.rrsets
    }
    for each in change_list:
        wanted = each["ResourceRecordSet"]
        key = (wanted["Name"].rstrip(".") + ".", wanted["Type"], wanted.get("SetIdentifier"))
        values = sorted(value["Value"] for value in wanted.get("ResourceRecords") or [])
        content = (str(wanted.get("TTL")), values)
        if each["Action"] == "DELETE":
            if key not in present:
                raise InvalidChangeBatch(key, "it was not found")
            if present[key] is not None and values and present[key] != content:
                raise InvalidChangeBatch(key, "the values provided do not match the current values")
            del present[key]
        elif each["Action"] == "CREATE" and key in present:
            raise ResourceRecordAlreadyExists(name=key[0], _type=key[1])
        else:
            present[key] = content if values else None


def _told(record_set: Any) -> tuple[str, list[str]] | None:
    """TTL and values of a record set; none of an alias."""
    values = record_set.records or []
    if record_set.alias_target or not all(isinstance(value, str) for value in values):
        return None
    return str(record_set.ttl), sorted(values)
