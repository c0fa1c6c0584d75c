"""The keys after the inventory asks for another rotation."""

from __future__ import annotations

import boto3


def test_every_key_is_rotated_every_half_year() -> None:
    kms = boto3.client("kms")
    aliases = [each for each in kms.list_aliases()["Aliases"] if "/aws/" not in each["AliasName"]]
    periods = {
        each["AliasName"]: kms.get_key_rotation_status(KeyId=each["TargetKeyId"]).get("RotationPeriodInDays")
        for each in aliases
    }
    assert len(periods) == 8
    assert set(periods.values()) == {180}
