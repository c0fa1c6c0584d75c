"""The rotation functions as AWS Lambda imports them: from the root of their zip."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "roles/secrets/files/rotation"))
