"""RDS's pages: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusters.html"""

from typing import Any

from sandbox.aws.errors import AWSError

FEWEST, MOST = 20, 100


def page(items: list[Any], asked: dict[str, Any], result: str) -> dict[str, Any]:
    """The part of `items` that the request asks for, and the `Marker` of what comes after it.

    Raises AWSError for a number of records that RDS does not take, or a marker that it never gave.
    """
    number = asked.get("MaxRecords") or MOST
    if not FEWEST <= number <= MOST:
        raise AWSError(
            "InvalidParameterValue", f"Invalid value {number} for MaxRecords. Must be between 20 and 100"
        )
    marker = asked.get("Marker") or "0"
    if not marker.isdigit():
        raise AWSError("InvalidParameterValue", "The request marker is invalid.")
    end = int(marker) + number
    more = {"Marker": str(end)} if end < len(items) else {}
    return {result: items[int(marker) : end], **more}
