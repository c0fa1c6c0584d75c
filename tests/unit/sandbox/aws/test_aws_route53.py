"""Route 53: a change is judged by the records there are."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

CAA = {
    "Name": "notejam.test.",
    "Type": "CAA",
    "TTL": 300,
    "ResourceRecords": [{"Value": '0 issue "amazon.com"'}],
}
OTHER = {**CAA, "ResourceRecords": [{"Value": '0 issue "amazonaws.com"'}]}


@pytest.fixture
def change(client: Any) -> Any:
    """Makes changes in one batch, given as action and record set, in a zone of its own that has CAA."""
    route53 = client("route53")
    zone = route53.create_hosted_zone(Name="notejam.test", CallerReference="a")["HostedZone"]["Id"]

    def make(*changes: tuple[str, dict[str, Any]]) -> list[str]:
        batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})
        sets = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return [value["Value"] for each in sets if each["Type"] == "CAA" for value in each["ResourceRecords"]]

    # A record after it in the zone's order, which is none of those that are in its way.
    after = {
        "Name": "www.notejam.test.",
        "Type": "A",
        "TTL": 300,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }
    make(("CREATE", after), ("CREATE", CAA))
    return make


def test_what_was_deleted_can_be_made_again(change: Any) -> None:
    assert change(("DELETE", CAA)) == []
    assert change(("CREATE", CAA)) == ['0 issue "amazon.com"']


def test_a_batch_may_replace_a_record(change: Any) -> None:
    assert change(("DELETE", CAA), ("CREATE", OTHER)) == ['0 issue "amazonaws.com"']


@pytest.mark.parametrize("record", [CAA, OTHER], ids=["alike", "of other values"])
def test_what_is_there_is_not_made_twice(change: Any, record: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match=r"InvalidChangeBatch.*but it already exists"):
        change(("CREATE", record))


def test_what_is_gone_is_not_deleted_again(change: Any) -> None:
    change(("DELETE", CAA))
    with pytest.raises(ClientError, match=r"InvalidChangeBatch.*but it was not found"):
        change(("DELETE", CAA))


def test_only_who_knows_the_values_deletes_them(change: Any) -> None:
    change(("UPSERT", OTHER))
    with pytest.raises(ClientError, match=r"InvalidChangeBatch.*do not match the current values"):
        change(("DELETE", CAA))
