"""Runs prowler on an AWS account and reads what it found: https://docs.prowler.com."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox import python_environments
from sandbox.errors import SandboxError

REQUIREMENTS = Path(__file__).with_name("prowler.txt")
# One that uv brings, where our own is too new.
PYTHON = sys.executable if sys.version_info < (3, 14) else "3.12"
SERVICES = (
    "acm",
    "awslambda",
    "backup",
    "cloudtrail",
    "cloudwatch",
    "ec2",
    "ecr",
    "eks",
    "elbv2",
    "iam",
    "kms",
    "rds",
    "route53",
    "s3",
    "secretsmanager",
    "sns",
    "vpc",
    "wafv2",
)
# One asks a search engine, for which it wants a key; the other fetches AWS's address ranges at run time.
LEFT_OUT = ("ec2_elastic_ip_shodan", "route53_dangling_ip_subdomain_takeover")
ERROR = re.compile(r'"level": "(?:ERROR|CRITICAL)".*"message": "(.*)"\}$')
SECONDS = 1800


@dataclass(frozen=True)
class Finding:
    """What a check says of one resource; `status` is PASS, FAIL or MANUAL."""

    check: str
    status: str
    region: str
    resource: str  # mostly its ARN
    name: str  # where its ARN does not have it
    detail: str


@dataclass(frozen=True)
class Scan:
    """What prowler found, and what it could not ask."""

    findings: list[Finding]
    errors: list[str]

    def failing(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.status == "FAIL"]


def scan(regions: Sequence[str], variables: Mapping[str, str], folder: Path) -> Scan:
    """Scan the account of the environment `variables`, in an empty folder for what prowler writes.

    Raises SandboxError when prowler does not come to its end.
    """
    # What its other clouds need is left out (excludes.txt), so nothing is to be added to the list.
    programs = python_environments.ensure(REQUIREMENTS, "--no-deps", python=PYTHON)
    command = [
        *(str(programs / "prowler"), "aws"),
        *("--region", *regions),
        *("--service", *SERVICES),
        *("--excluded-check", *LEFT_OUT),
        *("--output-formats", "json-ocsf", "--output-directory", str(folder), "--output-filename", "scan"),
        *("--log-level", "ERROR", "--log-file", str(folder / "errors.log")),
        *("--no-banner", "--no-color", "--ignore-exit-code-3"),  # 3 is: something fails
    ]
    done = subprocess.run(
        command,
        env={**variables, "AWS_REGION": regions[0], "AWS_DEFAULT_REGION": regions[0]},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    (folder / "prowler.log").write_text(done.stdout)
    output = folder / "scan.ocsf.json"
    if done.returncode or not output.exists():
        said = "\n".join(done.stdout.splitlines()[-20:])
        raise SandboxError(f"prowler ended with {done.returncode}, after:\n{said}")
    return Scan(findings(output.read_text()), errors((folder / "errors.log").read_text()))


def findings(ocsf: str) -> list[Finding]:
    """The findings of a report in the Open Cybersecurity Schema Framework."""
    return [
        Finding(
            found["metadata"]["event_code"],
            found["status_code"],
            found["resources"][0]["region"],
            found["resources"][0]["uid"],
            found["resources"][0]["data"].get("details") or "",
            found["status_detail"],
        )
        for found in json.loads(ocsf)
    ]


def errors(log: str) -> list[str]:
    """The messages of the log's errors. Its lines are JSON but for the quotes in the messages."""
    return [match[1] for line in log.splitlines() if (match := ERROR.search(line))]
