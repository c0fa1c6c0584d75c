"""A sandbox's first moment: its tier, index, port and credentials are chosen once and kept."""

import dataclasses
import os
import re
import secrets
import string
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sandbox import claims
from sandbox.errors import SandboxError
from sandbox.machine import ports, tier
from sandbox.settings import SETTINGS_FILE, Settings

NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
EMULATORS = ("moto", "ministack")
# IAM's key ids are "AKIA" and 16 base32 characters; secrets are 40 characters.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
BASE32 = string.ascii_uppercase + "234567"


def create_or_load(folder: Path) -> tuple[Settings, str]:
    """The sandbox in `folder`, made when there is none, and a line that says why its tier is what it is.

    What the environment asks for is checked against what the sandbox is; SandboxError when they differ in
    something that cannot change under a standing sandbox.
    """
    with claims.exclusive():
        if (folder / SETTINGS_FILE).exists():
            settings = _adjusted(Settings.load(folder))
            claims.claim(
                folder, settings.name, [settings.index]
            )  # a reboot may have emptied the claims' folder
            return settings, "as it was made"
        return _create(folder)


def _create(folder: Path) -> tuple[Settings, str]:
    if folder.is_dir() and any(folder.iterdir()):
        raise SandboxError(
            f"{folder} holds files but no sandbox: remove them, or name another folder by NOTEJAM_SANDBOX."
        )
    name = claims.free_name(os.environ.get("NOTEJAM_SANDBOX_NAME"))
    if not NAME.fullmatch(name):
        raise SandboxError(
            f"NOTEJAM_SANDBOX_NAME is {name!r}: it takes 1 to 20 of a-z, 0-9 and -, a letter first."
        )
    chosen, reason = tier.choose(os.environ.get("NOTEJAM_SANDBOX_TIER") or "auto", folder)
    time_scale, emulator = _time_scale(60.0), _emulator("moto")
    index = claims.claim(folder, name, unused_indexes(chosen)).index
    settings = Settings(
        name=name,
        folder=folder,
        index=index,
        tier=chosen,
        notejam_port=ports.free_port(8080 + index),
        access_key_id="AKIA" + "".join(secrets.choice(BASE32) for _ in range(16)),
        secret_access_key=secrets.token_urlsafe(30),
        git_token=secrets.token_urlsafe(30),
        time_scale=time_scale,
        emulator=emulator,
    )
    settings.save()
    return settings, reason


def _adjusted(settings: Settings) -> Settings:
    """`settings` with what the environment changes."""
    fixed = {
        "NOTEJAM_SANDBOX_NAME": settings.name,
        "NOTEJAM_SANDBOX_TIER": settings.tier,
        "NOTEJAM_SANDBOX_EMULATOR": settings.emulator,
    }
    for variable, value in fixed.items():
        asked = os.environ.get(variable)
        if asked and asked not in (value, "auto"):
            raise SandboxError(
                f"{variable} is {asked!r}, but the sandbox in {settings.folder} was made with {value!r}: "
                "run `make down` first, or name another folder by NOTEJAM_SANDBOX."
            )
    changed = dataclasses.replace(settings, time_scale=_time_scale(settings.time_scale))
    if changed != settings:
        changed.save()
    return changed


def _time_scale(default: float) -> float:
    value = os.environ.get("NOTEJAM_TIME_SCALE")
    try:
        scale = float(value) if value else default
    except ValueError:
        scale = 0
    if not 1 <= scale <= 1_000_000:
        raise SandboxError(
            f"NOTEJAM_TIME_SCALE is {value!r}: it divides AWS's creation times, so it is a number from 1."
        )
    return scale


def _emulator(default: str) -> str:
    emulator = os.environ.get("NOTEJAM_SANDBOX_EMULATOR") or default
    if emulator not in EMULATORS:
        raise SandboxError(f"NOTEJAM_SANDBOX_EMULATOR is {emulator!r}; it can be {', '.join(EMULATORS)}.")
    return emulator


def unused_indexes(chosen: str) -> Iterator[int]:
    """Indexes whose subnet nobody uses: the sandboxes of another user have claims of their own."""
    addresses = subprocess.run(["ip", "-o", "-4", "addr"], capture_output=True, text=True, check=False).stdout
    for index in claims.INDEXES:
        taken = f" 10.233.{index}." in addresses
        if chosen == "virtual":
            taken = not ports.can_bind(f"127.233.{index}.1", 4566)
        if not taken:
            yield index
