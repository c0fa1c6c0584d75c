"""Builds the tools from their pinned Go modules into the cache, and puts them into the sandbox's reach.

A tool stands in the cache whole or not at all, so a build that was killed is not taken for a finished one;
what Go had compiled by then is kept until all tools are built, so the next run goes on from there.
"""

import concurrent.futures
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox import cache, lock
from sandbox.errors import SandboxError
from sandbox.kubernetes import flux_distribution
from sandbox.settings import Settings, cache_folder, write_private
from sandbox.toolchain import go
from sandbox.toolchain.found import found
from sandbox.toolchain.tools import TOOLS, Tool, for_tier

AT_ONCE = 2  # while one tool is fetched or linked, which takes one core at most, the next is compiled
STATE_FILE = "tools.json"


def link(settings: Settings, tier: str = "") -> list[Tool]:
    """Link into the sandbox what is on the machine or in the cache; returns the tools still to build.

    They are those of the sandbox's tier, or of another that is named.
    """
    settings.tools.mkdir(parents=True, exist_ok=True)
    missing = []
    wanted = for_tier(tier or settings.tier)
    for tool in wanted:
        if programs := found(tool, settings):
            for program, path in programs.items():
                _link(settings.tools / program, path)
        elif not _link_cached(settings, tool):
            for program in tool.programs:  # of a version that is no longer wanted
                (settings.tools / program).unlink(missing_ok=True)
            missing.append(tool)
    for tool in TOOLS:
        if tool not in wanted:  # a further cluster's nodes are virtual beside real ones, too
            _link_cached(settings, tool)
    return missing


def build(settings: Settings, tier: str = "") -> None:
    """Build what `link` left missing, in the order of need; SandboxError says which tool failed and why."""
    with lock.waiting(cache.ensure() / "build.lock"):  # another sandbox may be building just these
        (settings.folder / STATE_FILE).unlink(missing_ok=True)  # of an earlier build
        missing = link(settings, tier)
        if not missing:
            return
        toolchain = go.toolchain(go.required([tool.folder / "go.mod" for tool in missing]))
        builder = Builder(settings, toolchain, missing)
        builder.configure()
        builder.run()
        builder.remove_caches()


class Builder:
    """One run over the missing tools. How far it is stands in `tools.json` of the sandbox's folder."""

    def __init__(self, settings: Settings, toolchain: Path, tools: list[Tool]) -> None:
        self.settings = settings
        self.toolchain = toolchain
        self.tools = tools
        self.scratch = cache_folder() / "build"
        self.state: dict[str, dict[str, float | str]] = {tool.name: {"state": "waiting"} for tool in tools}
        self.changing = threading.Lock()
        self.environment = {
            "GOMODCACHE": str(self.scratch / "modules"),
            "GOCACHE": str(self.scratch / "objects"),
            "GOGC": "400",  # a third less time for memory that is free at this moment
            **os.environ,
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
        }

    def configure(self) -> None:
        """Assemble what site.yml reads of a tool's module, long before the tool itself is built."""
        for tool in self.tools:
            if not tool.configuration:
                continue
            list(self._go(tool, 0, "mod", "download", *tool.configuration))
            target = self.settings.folder / "flux" / "config"
            shutil.rmtree(target, ignore_errors=True)
            self._copy_configuration(tool, 0, target)
            _link(self.settings.flux_config, target)
            flux_distribution.assemble(self.settings)

    def _copy_configuration(self, tool: Tool, order: int, target: Path) -> None:
        for module in tool.configuration:
            (source,) = self._go(tool, order, "list", "-m", "-f", "{{.Dir}}", module)
            copy_configuration(Path(source) / "config", target / module.rpartition("/")[2])

    def run(self) -> None:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            builds = [pool.submit(self._build, tool, order) for order, tool in enumerate(self.tools)]
            for finished in concurrent.futures.as_completed(builds):
                if error := finished.exception():
                    pool.shutdown(wait=True, cancel_futures=True)
                    raise error

    def remove_caches(self) -> None:
        """Give back the gigabytes that only an unfinished build needs; caches chosen by the caller stay."""
        if self.environment["GOMODCACHE"] == str(self.scratch / "modules"):
            # Go keeps modules read-only; its own command knows how to remove them.
            subprocess.run([self.toolchain, "clean", "-modcache"], env=self.environment, check=False)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _build(self, tool: Tool, order: int) -> None:
        started = time.monotonic()
        self._report(tool, state="fetching")
        partial = cache_folder() / "tools" / f".{tool.key}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "bin").mkdir(parents=True)
        total = len(list(self._go(tool, order, "list", "-deps", *tool.packages)))
        self._report(tool, state="building", done=0, total=total)
        single = len(tool.packages) == 1
        output = partial / "bin" / tool.name if single else f"{partial}/bin/"
        arguments = ("-v", "-ldflags", tool.linker_flags, "-o", str(output), *tool.packages)
        for done, _package in enumerate(self._go(tool, order, "build", *arguments), start=1):
            self._report(tool, state="building", done=min(done, total), total=total)
        for program in tool.programs if single else ():
            if program != tool.name:
                (partial / "bin" / program).symlink_to(tool.name)
        self._copy_configuration(tool, order, partial / "flux-config")
        partial.rename(cache_folder() / "tools" / tool.key)
        _link_cached(self.settings, tool)
        self._report(tool, state="built", seconds=round(time.monotonic() - started, 1))

    def _go(self, tool: Tool, order: int, *arguments: str) -> Iterator[str]:
        """Run a Go command in the tool's module and give its lines; what is needed first gets most CPU."""
        command = ["setpriv", "--pdeathsig", "KILL", "--", "nice", f"-n{min(3 * order, 15)}"]
        process = subprocess.Popen(
            [*command, str(self.toolchain), *arguments],
            cwd=tool.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said: list[str] = []
        with process:
            assert process.stdout is not None  # noqa: S101
            for line in process.stdout:
                said.append(line)
                if not line.startswith("go: "):  # what it downloads, or a failure
                    yield line.strip()
        if process.returncode:
            self._report(tool, state="failed")
            print("".join(said), flush=True)
            raise SandboxError(
                f"`go {arguments[0]}` for {tool.name} {tool.version} ended with {process.returncode}: "
                f"{' '.join(''.join(said[-3:]).split())} Mend that (GOPROXY names another module proxy), "
                "then run `make up` again: it goes on from here."
            )

    def _report(self, tool: Tool, **state: float | str) -> None:
        with self.changing:
            self.state[tool.name] = {"version": tool.version, **state}
            write_private(self.settings.folder / STATE_FILE, json.dumps(self.state))
        if state["state"] != "building" or not state["done"]:
            print(tool.name, tool.version, state["state"], flush=True)


def copy_configuration(source: Path, target: Path) -> None:
    """Copy a controller's manifests without samples and test data, writable as the module cache is not."""
    ignored = shutil.ignore_patterns("samples", "testdata")
    shutil.copytree(source, target, ignore=ignored, copy_function=shutil.copyfile)
    for folder in (target, *target.rglob("*/")):
        folder.chmod(0o755)


def _link_cached(settings: Settings, tool: Tool) -> bool:
    """Link the tool's programs from the cache; False when it is not there."""
    built = cache_folder() / "tools" / tool.key
    if not built.is_dir():
        return False
    for program in tool.programs:
        _link(settings.tools / program, built / "bin" / program)
    if tool.configuration:
        _link(settings.flux_config, built / "flux-config")
        flux_distribution.assemble(settings)
    return True


def _link(link_path: Path, target: Path) -> None:
    """Make a link, or turn one to another target at once."""
    temporary = link_path.with_name(f".{link_path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link_path)
