"""Prints what was written in the account AWS_ACCOUNT_ID, an operation a line, by the request log."""

import json
import os
from pathlib import Path

from sandbox.aws.emulator import writes

log = Path(os.environ["NOTEJAM_SANDBOX"]) / "aws" / "requests.jsonl"
for text in log.read_text().splitlines():
    line = json.loads(text)
    reading = not writes(line["operation"]) or line["service"] == "sts"
    if line["account"] == os.environ["AWS_ACCOUNT_ID"] and not reading:
        print(line["service"], line["operation"], line["resource"])
