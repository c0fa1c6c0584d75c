"""`make status`: what of the sandbox runs, whether it answers, where, and where its log is."""

import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sandbox import health
from sandbox.errors import SandboxError
from sandbox.processes import ABSENT, Processes, ProcessState
from sandbox.settings import SETTINGS_FILE, Settings, sandbox_folder

WIDTH = 120  # of the table, at least: a terminal's own line break is easier to read than broken paths
HEALTHY, UNHEALTHY, NOTHING_UP = 0, 1, 3  # as init scripts answer: 3 is "not running"


@dataclass(frozen=True)
class Row:
    """A line of the table; `problem` is None when all is well."""

    name: str
    state: str
    url: str
    problem: str | None
    log: Path


def status() -> int:
    """Print the table and what is wrong; returns the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    console.width = max(console.width, WIDTH)
    folder = sandbox_folder()
    if not (folder / SETTINGS_FILE).exists():
        console.print(f"No sandbox is up in {folder}: run `make up`.", markup=False)
        return NOTHING_UP
    settings = Settings.load(folder)
    rows = _rows(settings)
    table = Table(title=f"Sandbox {settings.name} in {folder}, tier {settings.tier}", title_justify="left")
    for column in ("process", "state", "answers at", "log"):
        table.add_column(column, no_wrap=True)
    for row in rows:
        table.add_row(row.name, row.state, row.url, f"{row.log.parent.name}/{row.log.name}")
    console.print(table)
    for dns_name, url in _load_balancers(settings).items():
        console.print(f"{dns_name} of AWS is {url} here", markup=False)
    problems = [f"{row.name}: {row.problem} (log: {row.log})" for row in rows if row.problem]
    for problem in problems:
        console.print(f"✗ {problem}", markup=False)
    if problems:
        console.print("`make up` heals it.")
        return UNHEALTHY
    console.print("✓ everything is healthy")
    return HEALTHY


def _rows(settings: Settings) -> list[Row]:
    processes = Processes(settings)
    declared = sorted(path.stem for path in (settings.folder / "supervisor" / "conf.d").glob("*.conf"))
    try:
        found = processes.all()
    except SandboxError:
        gone = ProcessState("supervisord", "STOPPED", 0, "", 0, settings.logs / "supervisord.log")
        found = {"supervisord": gone}
    for name in declared:
        found.setdefault(name, ProcessState(name, ABSENT, 0, "", 0, processes.log(name)))
    checks = health.checks(settings)
    rows = [_row(settings, state, checks.get(state.name)) for state in found.values()]
    if (settings.logs / "site.log").exists():
        page = health.notejam(settings)
        problem = page.failure(settings)
        state = "unhealthy" if problem else "healthy"
        rows.append(Row("Notejam", state, settings.notejam_url, problem, settings.logs / "site.log"))
    return rows


def _load_balancers(settings: Settings) -> dict[str, str]:
    """The DNS names that load balancers have in AWS, each with the URL of this machine that stands for it."""
    path = settings.load_balancer_names
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _row(settings: Settings, process: ProcessState, check: health.Check | None) -> Row:
    if process.state == "RUNNING":
        problem = check.failure(settings) if check else None
        state = "unhealthy" if problem else "running"
    elif process.finished:
        problem, state = None, "done"
    else:
        problem = f"is {process.state.lower()}" + (f", {process.description}" if process.description else "")
        state = process.state.lower()
    return Row(process.name, state, check.url if check else "", problem, process.log)
