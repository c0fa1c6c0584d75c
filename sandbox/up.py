"""`make up`: from whatever is there to a sandbox on which site.yml has run and Notejam answers."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox import cache, environment, health, lock, services, supervisor
from sandbox.creation import create_or_load
from sandbox.errors import SandboxError
from sandbox.jobs import Job, ToolBuild
from sandbox.machine import bridge, disk, packages, ports
from sandbox.playbook import Playbook
from sandbox.processes import Processes
from sandbox.progress import Progress
from sandbox.settings import Settings, sandbox_folder, write_private
from sandbox.toolchain import build

ANSWER_SECONDS = 300  # for a program of ours to serve: AWS first does again all that it was asked before
NOTEJAM_SECONDS = 180  # for the page, after site.yml has seen its pods ready
POLL_SECONDS = 0.5
NODE_PROGRAM = "node-n"  # how the names of the nodes' programs begin


def up(services_only: bool = False) -> None:
    """Bring the sandbox up, or on; with `services_only` nothing is provisioned on it.

    Raises SandboxError when a check, a program, a job or site.yml fails; what stands by then stays.
    """
    folder, options = sandbox_folder(), variables()
    with lock.exclusive(folder, "make up"), Progress() as progress:
        settings, network_is_new = _prepare(folder, progress)
        processes = Processes(settings)
        with _jobs(processes) as jobs:
            _start(settings, processes, jobs, progress, network_is_new)
            if services_only:
                _wait_for_jobs(jobs)
            else:
                jobs.append(Job(processes, services.image_push(), progress.begin("Notejam's image")))
                _provision(settings, jobs, progress, options)
                with progress.step("Notejam answers"):
                    _wait_until_healthy(settings, health.notejam(settings), NOTEJAM_SECONDS)
        timings = json.dumps(progress.timings(), indent=2) + "\n"
        write_private(settings.logs / "timings.json", timings)
    _print_result(settings, progress, services_only)


def _prepare(folder: Path, progress: Progress) -> tuple[Settings, bool]:
    """What is checked and made before the first process starts; and whether the network was made."""
    with progress.step("Checks") as step:
        settings, reason = create_or_load(folder)
        step.show(f"tier {settings.tier} ({reason})")
    if lacking := packages.missing(settings.tier):
        with progress.step(f"Debian packages: {', '.join(lacking)}"):
            packages.install(lacking, settings.logs / "packages.log")
    with progress.step("Network"):
        network_is_new = bridge.ensure(settings)
        ports.check(settings)
    return settings, network_is_new


@contextlib.contextmanager
def _jobs(processes: Processes) -> Iterator[list[Job]]:
    """The jobs of this run; those that still run when it fails or is interrupted are ended with it."""
    jobs: list[Job] = []
    try:
        yield jobs
    except BaseException:
        with contextlib.suppress(SandboxError):
            for job in jobs:
                processes.remove(job.program.name)
        raise


def _start(
    settings: Settings, processes: Processes, jobs: list[Job], progress: Progress, network_is_new: bool
) -> None:
    """Have the sandbox's own programs serve, and the tools being built."""
    missing = build.link(settings)
    disk.check(settings.folder, cache.ensure(), building=bool(missing))
    with progress.step("Services: AWS, Git") as step:
        supervisor.ensure(settings)
        environment.write(settings)
        if network_is_new:
            _reconnect_nodes(processes)
        if missing:
            title = f"Tools: {', '.join(tool.name for tool in missing)}"
            jobs.append(ToolBuild(processes, services.tool_build(), progress.begin(title)))
        for program in services.services():
            processes.ensure(program)
        for name in ("git-server", "aws"):
            check = health.checks(settings)[name]
            step.show(f"waiting for {check.title}")
            _wait_until_healthy(settings, check, ANSWER_SECONDS)
        step.show("")
        health.ask_aws(settings)


def _reconnect_nodes(processes: Processes) -> None:
    """Start the nodes anew: each lays its cable to the bridge when it starts."""
    for name in processes.all():
        if name.startswith(NODE_PROGRAM):
            processes.restart(name)


def _wait_for_jobs(jobs: list[Job]) -> None:
    while sum(job.running() for job in jobs):
        time.sleep(POLL_SECONDS)


def _provision(settings: Settings, jobs: list[Job], progress: Progress, options: list[str]) -> None:
    """Run site.yml with the options while the jobs run; the first failure of any ends all."""
    with progress.step("site.yml") as step:
        playbook = Playbook(
            settings,
            lambda role, task: step.show(": ".join(filter(None, (role, task)))),
            options=options,
        )
        try:
            while playbook.running():
                for job in jobs:
                    job.running()
                time.sleep(POLL_SECONDS)
            if not playbook.succeeded():
                said = "\n".join(line for line in playbook.last_task if line)
                raise SandboxError(
                    f"site.yml stopped (log: {playbook.log}):\n{said}\nMend that and run `make up` again."
                )
        finally:
            playbook.stop()
        step.show("")
    for role, seconds in playbook.role_seconds.items():
        progress.record(f"site.yml: {role or 'start and discovery'}", seconds)
    _wait_for_jobs(jobs)


def variables() -> list[str]:
    """The options for variables over the inventory's, of which NOTEJAM_VARIABLES names a file.

    Raises SandboxError when there is no such file.
    """
    name = os.environ.get("NOTEJAM_VARIABLES")
    if not name:
        return []
    if not (path := Path(name).absolute()).is_file():
        raise SandboxError(f"NOTEJAM_VARIABLES names {path}, which is no file: name one, or leave it out.")
    return ["--extra-vars", f"@{path}"]


def _wait_until_healthy(settings: Settings, check: health.Check, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while failure := check.failure(settings):
        if time.monotonic() > deadline:
            raise SandboxError(
                f"{check.title} did not answer at {check.url} within {seconds:.0f} s ({failure}): "
                f"`make status` says what runs; logs are in {settings.logs}."
            )
        time.sleep(POLL_SECONDS)


def _print_result(settings: Settings, progress: Progress, services_only: bool) -> None:
    say = progress.console.print
    say(progress.table())
    if not services_only:
        say(f"Notejam: {settings.notejam_url}", markup=False)
    say(f"AWS: {settings.aws_endpoint_url}", markup=False)
    say(f"Clients: . {settings.folder / 'env'}", markup=False)
