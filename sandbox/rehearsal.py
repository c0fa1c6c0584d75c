"""`python -m sandbox rehearse prod`: builds an environment of inventories/ in the rehearsal cloud.

The inventory is the one for AWS; sandbox/rehearsal.yml sets what a person has to set. A second run must
change nothing.
"""

import dataclasses
import threading
import time
from collections.abc import Iterator

import yaml

from sandbox import image
from sandbox.errors import SandboxError
from sandbox.git_server import create_repository
from sandbox.playbook import Playbook
from sandbox.settings import CHECKOUT, Settings

VARIABLES = CHECKOUT / "sandbox" / "rehearsal.yml"
POLL_SECONDS = 0.5


def rehearse(environment: str) -> None:
    """Build it, build it again, and print how long each role took. Raises SandboxError for a run that fails,
    and for a second one that changes something.
    """
    settings = Settings.load()
    variables = prepare(settings, environment)
    failed: list[str] = []
    push = threading.Thread(target=_push, args=(settings, environment, failed), daemon=True)
    push.start()
    for number in (1, 2):
        playbook = Playbook(
            settings,
            lambda _role, _task: None,
            environment,
            ["--extra-vars", f"@{VARIABLES}"],
            variables,
            f"rehearsal-{environment}-{number}",
        )
        _follow(playbook, failed)
        print(f"{environment}, run {number}: {playbook.changed()}")
        for role, seconds in playbook.role_seconds.items():
            print(f"  {role or 'start and discovery':<24} {seconds:6.1f} s", flush=True)
    if changed := {site: count for site, count in playbook.changed().items() if count}:
        raise SandboxError(f"The second run changed something: {changed} (log: {playbook.log}).")


def prepare(settings: Settings, environment: str) -> dict[str, str]:
    """Have what the environment finds in the world; returns the shell variables that tell where."""
    repository = f"operations-k8s-{environment}.git"
    create_repository(settings.folder / "git" / repository)
    return {
        "AWS_ACCOUNT_ID": settings.account_id,
        "OPERATIONS_REPOSITORY_URL": f"{settings.git_url}/{repository}",
        "KUBECONFIGS": str(settings.folder / "kubeconfigs"),
    }


def regions(environment: str) -> Iterator[str]:
    """The regions of the environment's sites."""
    inventory = yaml.safe_load((CHECKOUT / "inventories" / environment / "hosts.yml").read_text())
    for group in inventory.values():
        for site in ((group or {}).get("hosts") or {}).values():
            yield site["platform_region"]


def _push(settings: Settings, environment: str, failed: list[str]) -> None:
    """Push the release to each site's registry, as CI does, once it is there."""
    for region in regions(environment):
        try:
            image.push(dataclasses.replace(settings, region=region), image.release(), print)
        except Exception as error:
            failed.append(f"Notejam's image was not pushed to {region}: {error}")


def _follow(playbook: Playbook, failed: list[str]) -> None:
    try:
        while playbook.running():
            if failed:
                raise SandboxError(failed[0])
            time.sleep(POLL_SECONDS)
        if not playbook.succeeded():
            said = "\n".join(line for line in playbook.last_task if line)
            raise SandboxError(f"site.yml stopped (log: {playbook.log}):\n{said}")
    finally:
        playbook.stop()
