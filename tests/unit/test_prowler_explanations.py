"""docs/prowler.md as the scan's judge: what it explains, what it lacks and what it has too much."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prowler import explanations, scan
from tests.prowler.explanations import Explanations, Failing
from tests.prowler.scan import Finding, Scan

OPEN = Finding("s3_bucket_public", "FAIL", "eu-west-1", "arn:aws:s3:::notes", "shared", "It is open.")
TABLE = """\
# prowler
## Checks that fail
| check | resources | why it stays |
| --- | --- | --- |
| `s3_bucket_public` | `*:::notes`, `*:::maps` | {reason} |

## What the scan does not see
| error | what is not judged |
| --- | --- |
| `does not emulate s3:GetBucket` | Buckets. |
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return tmp_path / "prowler.md"


def test_the_tables_are_read(document: Path) -> None:
    document.write_text(TABLE.format(reason="They are for all."))
    row = Failing("s3_bucket_public", ("*:::notes", "*:::maps"))
    assert explanations.read(document) == Explanations([row], ["does not emulate s3:GetBucket"])


def test_a_row_without_a_reason_is_refused(document: Path) -> None:
    document.write_text(TABLE.format(reason=""))
    with pytest.raises(ValueError, match="s3_bucket_public"):
        explanations.read(document)


def test_only_a_row_for_the_resource_explains_a_failing_check() -> None:
    found = Scan([OPEN], ["Boom: no answer"])
    for pattern in ("*:::n*", "share?"):
        assert not Explanations([Failing("s3_bucket_public", (pattern,))], ["no answer"]).missing(found)
    for pattern in ("*:::maps", "notes"):
        missing = Explanations([Failing("s3_bucket_public", (pattern,))], []).missing(found)
        assert len(missing) == 2
    assert "notes in eu-west-1: It is open." in missing[0]


def test_a_row_that_explains_nothing_is_needless() -> None:
    rows = Explanations([Failing("s3_bucket_public", ("*:::notes", "*:::maps"))], ["no answer"])
    assert rows.needless(Scan([OPEN], ["no answer"])) == ["s3_bucket_public on *:::maps"]
    assert len(rows.needless(Scan([], []))) == 3


def test_messages_are_found_in_a_log_with_quotes() -> None:
    line = '{"timestamp": "x", "level": "ERROR", "module": "s3", "message": "Asked "http://a" in vain"}\n\n'
    assert scan.errors(line + line.replace("ERROR", "WARNING")) == ['Asked "http://a" in vain']
