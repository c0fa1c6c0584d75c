"""What docs/prowler.md explains: checks that fail on purpose, and what prowler could not ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.commands import ROOT
from tests.prowler.scan import Finding, Scan

DOCUMENT = ROOT / "docs" / "prowler.md"
FAILING, UNASKED = "## Checks that fail", "## What the scan does not see"
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Failing:
    """A row: which check may fail on which resources, by patterns of the shell for their names."""

    check: str
    resources: tuple[str, ...]

    def explains(self, finding: Finding) -> bool:
        names = (finding.resource, finding.name)
        named = any(fnmatchcase(name, pattern) for name in names for pattern in self.resources)
        return finding.check == self.check and named


@dataclass(frozen=True)
class Explanations:
    failing: list[Failing]
    unasked: list[str]  # parts of prowler's error messages

    def missing(self, scan: Scan) -> list[str]:
        """What fails, or could not be asked, and stands in no row."""
        failing = [
            f"{finding.check} on {finding.resource} in {finding.region}: {finding.detail}"
            for finding in scan.failing()
            if not any(row.explains(finding) for row in self.failing)
        ]
        errors = [error for error in scan.errors if not any(part in error for part in self.unasked)]
        return failing + errors

    def needless(self, scan: Scan) -> list[str]:
        """Rows, down to the pattern, that explain nothing of what was found."""
        patterns = [Failing(row.check, (pattern,)) for row in self.failing for pattern in row.resources]
        unused = [
            f"{row.check} on {row.resources[0]}"
            for row in patterns
            if not any(row.explains(finding) for finding in scan.failing())
        ]
        unmet = [part for part in self.unasked if not any(part in error for error in scan.errors)]
        return unused + unmet


def read(document: Path = DOCUMENT) -> Explanations:
    """The tables of the document. Raises ValueError for a row without a reason."""
    failing = [
        Failing(CODE.findall(check)[0], tuple(CODE.findall(resources)))
        for check, resources, _ in _rows(document, FAILING, 3)
    ]
    unasked = [part for parts, _ in _rows(document, UNASKED, 2) for part in CODE.findall(parts)]
    return Explanations(failing, unasked)


def _rows(document: Path, heading: str, columns: int) -> list[list[str]]:
    section = document.read_text().split(f"\n{heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    for row in rows:
        if len(row) != columns or not all(row) or not CODE.search(row[0]):
            raise ValueError(f"{document.name}: {row} is not a row of {columns} cells with a reason")
    return rows
