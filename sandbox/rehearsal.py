"""`python -m sandbox rehearse prod`: builds an environment of inventories/ in the rehearsal cloud.

Each environment is in an AWS account of its own, by its name. The inventory is the one for AWS;
sandbox/rehearsal.yml sets what a person has to set. A second run must change nothing.
"""

import threading
import time

import boto3
import yaml

from sandbox import account, image
from sandbox.errors import SandboxError
from sandbox.git_server import create_repository
from sandbox.playbook import Playbook
from sandbox.settings import CHECKOUT, Settings
from sandbox.toolchain import build

VARIABLES = CHECKOUT / "sandbox" / "rehearsal.yml"
TIER = "virtual"  # of the nodes in an account that is not the sandbox's own
REGISTRY = "container_registry"
POLL_SECONDS = 0.5


def rehearse(environment: str) -> None:
    """Build it, build it again, and print how long each role took. Raises SandboxError for a run that fails,
    and for a second one that changes something.
    """
    settings = Settings.load()
    build.build(settings, TIER)
    variables = prepare(settings, environment)
    release = Release(settings, environment, variables)
    for number in (1, 2):
        playbook = Playbook(
            settings,
            release.entered,
            environment,
            ["--extra-vars", f"@{VARIABLES}"],
            variables,
            f"rehearsal-{environment}-{number}",
        )
        _follow(playbook, release)
        print(f"{environment}, run {number}: {playbook.changed()}")
        for role, seconds in playbook.role_seconds.items():
            print(f"  {role or 'start and discovery':<24} {seconds:6.1f} s", flush=True)
        for site, timeline in playbook.timelines().items():
            print(f"Timeline of {site}, run {number}:\n{timeline}", flush=True)
    if changed := {site: count for site, count in playbook.changed().items() if count}:
        raise SandboxError(f"The second run changed something: {changed} (log: {playbook.log}).")


def prepare(settings: Settings, environment: str) -> dict[str, str]:
    """Have what the environment finds in the world; returns the shell variables that tell where."""
    repository = f"operations-k8s-{environment}.git"
    create_repository(settings.folder / "git" / repository)
    return {
        **account.credentials(environment),
        "OPERATIONS_REPOSITORY_URL": f"{settings.git_url}/{repository}",
        "KUBECONFIGS": str(settings.folder / "kubeconfigs"),
    }


class Release:
    """Notejam's image, pushed to the primary site's registry as CI does: ECR copies it to the standby's."""

    def __init__(self, settings: Settings, environment: str, variables: dict[str, str]) -> None:
        self.failure = ""
        self._seen = ""
        self._push = threading.Thread(target=self._pushed, name="release", daemon=True)
        self._ecr = boto3.client(
            "ecr",
            endpoint_url=settings.aws_endpoint_url,
            region_name=primary_region(environment),
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables["AWS_SESSION_TOKEN"],
        )

    def entered(self, role: str, _task: str) -> None:
        """Push once the registry's role is over: what comes before its replication is not copied."""
        if self._seen == REGISTRY and role not in ("", REGISTRY) and not self.begun:
            self._push.start()
        self._seen = role or self._seen

    @property
    def begun(self) -> bool:
        """Whether the push was begun."""
        return self._push.ident is not None

    def wait(self) -> None:
        """Return when the push is over."""
        self._push.join()

    def _pushed(self) -> None:
        try:
            image.push(self._ecr, TIER, image.release(), print)
        except Exception as error:
            self.failure = f"Notejam's image was not pushed: {error}"


def primary_region(environment: str) -> str:
    """The region of the site that serves."""
    inventory = yaml.safe_load((CHECKOUT / "inventories" / environment / "hosts.yml").read_text())
    [site] = inventory["primary"]["hosts"].values()
    return str(site["platform_region"])


def _follow(playbook: Playbook, release: Release) -> None:
    try:
        while playbook.running():
            if release.failure:
                raise SandboxError(release.failure)
            time.sleep(POLL_SECONDS)
        if not playbook.succeeded():
            said = "\n".join(line for line in playbook.last_task if line)
            raise SandboxError(f"site.yml stopped (log: {playbook.log}):\n{said}")
    finally:
        playbook.stop()
