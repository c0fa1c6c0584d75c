"""The tools: what a built one is known by, what is found instead of built, and what a killed build leaves."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import cache, claims
from sandbox.clean import clean
from sandbox.errors import SandboxError
from sandbox.toolchain import build, found, go, tools
from sandbox.toolchain.tools import TOOLS, Tool, for_tier

PAUSE = next(tool for tool in TOOLS if tool.name == "pause")
MODULE = "module example.test/hello\n\ngo 1.21\n"
PROGRAM = 'package main\n\nfunc main() { println("hello") }\n'


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Go's own packages, compiled once for all tests here."""
    return tmp_path_factory.mktemp("objects")


@pytest.fixture
def hello(tmp_path, monkeypatch, compiled):
    """A tool of three lines, the only one there is."""
    monkeypatch.setenv("GOCACHE", str(compiled))
    (tmp_path / "modules" / "hello").mkdir(parents=True)
    (tmp_path / "modules" / "hello" / "go.mod").write_text(MODULE)
    (tmp_path / "modules" / "hello" / "main.go").write_text(PROGRAM)
    monkeypatch.setattr(tools, "MODULES", tmp_path / "modules")
    tool = Tool("hello", ("hello", "hello-again"))
    monkeypatch.setattr(tools, "TOOLS", (tool,))
    return tool


@pytest.fixture
def settings(make_settings):
    made = make_settings()
    made.save()
    return made


def test_every_tool_has_the_version_that_its_go_mod_pins():
    versions = {tool.name: tool.version for tool in TOOLS}
    assert versions["kubernetes"] in (tools.MODULES / "kubernetes" / "go.mod").read_text()
    assert all(version[0].isdigit() for version in versions.values())


def test_nodes_report_the_version_that_they_are_built_from():
    flags = next(tool for tool in TOOLS if tool.name == "kubernetes").linker_flags
    version = next(tool for tool in TOOLS if tool.name == "kubernetes").version
    assert f"gitVersion=v{version}" in flags
    assert f"gitMinor={version.split('.')[1]}" in flags


def test_the_virtual_tier_needs_kwok_and_no_node():
    assert {"kwok"} == {t.name for t in for_tier("virtual")} - {t.name for t in for_tier("node")}
    assert {"pause", "coredns"} == {t.name for t in for_tier("node")} - {t.name for t in for_tier("virtual")}


def test_another_source_or_recipe_is_another_tool(hello):
    before = hello.key
    assert Tool("hello", ("hello", "hello-again"), linked=("main.x=1",)).key != before
    (hello.folder / "main.go").write_text(PROGRAM.replace("hello", "goodbye"))
    assert hello.key != before


def test_a_tool_is_built_once_and_linked_under_each_of_its_names(hello, settings):
    assert build.link(settings) == [hello]
    build.build(settings)
    for program in hello.programs:
        done = subprocess.run([settings.tools / program], capture_output=True, text=True, check=True)
        assert done.stderr == "hello\n"
    assert build.link(settings) == []
    assert json.loads((settings.folder / "tools.json").read_text())["hello"]["state"] == "built"
    assert not (cache.cache_folder() / "build").exists()


def test_a_changed_tool_is_not_taken_for_the_one_in_the_cache(hello, settings):
    build.build(settings)
    (hello.folder / "main.go").write_text(PROGRAM.replace("hello", "goodbye"))
    assert build.link(settings) == [hello]
    assert not (settings.tools / "hello").exists()


def test_a_build_that_fails_names_the_tool_and_leaves_nothing_that_looks_built(hello, settings):
    (hello.folder / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    with pytest.raises(SandboxError, match=r"`go build` for hello 1 ended with 1: .*undefined"):
        build.build(settings)
    assert build.link(settings) == [hello]
    assert not (settings.tools / "hello").exists()


BUILD = """
import sys, tempfile
from pathlib import Path
from sandbox.toolchain import build, tools
from sandbox.settings import Settings
tools.MODULES = Path(sys.argv[1])
tools.TOOLS = (tools.Tool("hello", ("hello", "hello-again")),)
build.build(Settings.load())
"""


def test_a_killed_build_is_gone_on_with(hello, settings, tmp_path):
    command = [sys.executable, "-c", BUILD, str(tmp_path / "modules")]
    partial = cache.cache_folder() / "tools" / f".{hello.key}.partial"
    with subprocess.Popen(command, cwd=tools.CHECKOUT, start_new_session=True) as killed:
        while not partial.exists() and killed.poll() is None:
            time.sleep(0.01)
        os.killpg(killed.pid, signal.SIGKILL)
    assert build.link(settings) == [hello]
    build.build(settings)
    assert build.link(settings) == []
    assert not partial.exists()


def program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_a_found_program_of_the_right_version_is_used(settings, tmp_path, monkeypatch):
    etcd = next(tool for tool in TOOLS if tool.name == "etcd")
    assets = tmp_path / "assets"
    right = program(assets, "etcd", f"etcd Version: {etcd.version}")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    assert found.found(etcd, settings) == {"etcd": right}


def test_a_found_program_of_another_version_is_not(settings, tmp_path, monkeypatch):
    etcd = next(tool for tool in TOOLS if tool.name == "etcd")
    monkeypatch.setenv("PATH", str(program(tmp_path / "path", "etcd", "etcd Version: 3.4.0").parent))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    assert found.found(etcd, settings) == {}


def test_some_of_a_tools_programs_are_not_enough(settings, tmp_path, monkeypatch):
    kubernetes = next(tool for tool in TOOLS if tool.name == "kubernetes")
    apiserver = program(tmp_path / "path", "kube-apiserver", f"Kubernetes v{kubernetes.version}")
    monkeypatch.setenv("PATH", f"{apiserver.parent}:/usr/bin:/bin")
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    assert found.found(kubernetes, settings) == {}


def test_without_go_and_without_a_registry_it_is_said_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("UV", str(program(tmp_path / "bin", "uv", "no network")))
    (tmp_path / "bin" / "uv").write_text("#!/bin/sh\necho 'no network' >&2; exit 2\n")
    with pytest.raises(SandboxError, match=r"no Go 1\.26\.0 or newer on PATH.*no network.*go\.dev/dl"):
        go.toolchain((1, 26, 0))


def test_the_toolchain_has_to_satisfy_every_module():
    modules = [tool.folder / "go.mod" for tool in TOOLS]
    newest = go.required(modules)
    assert all(go.required([module]) <= newest for module in modules)


def test_manifests_are_copied_writable_without_samples(tmp_path):
    for name in ("crd/bases/a.yaml", "samples/b.yaml", "testdata/c.yaml"):
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / name).write_text("kind: List\n")
    (tmp_path / "source" / "crd" / "bases").chmod(0o555)
    build.copy_configuration(tmp_path / "source", tmp_path / "target")
    assert [path.name for path in (tmp_path / "target").rglob("*.yaml")] == ["a.yaml"]
    assert (tmp_path / "target" / "crd" / "bases").stat().st_mode & 0o200


def test_only_a_cache_of_ours_is_removed(tmp_path):
    folder = cache.cache_folder()
    folder.mkdir()
    (folder / "thesis.tex").touch()
    with pytest.raises(SandboxError, match=r"not marked as this project's cache"):
        cache.remove()
    (folder / "thesis.tex").unlink()
    cache.ensure()
    (folder / "modules" / "read-only").mkdir(parents=True)
    (folder / "modules" / "read-only").chmod(0o555)
    assert cache.remove()
    assert not folder.exists()
    assert not cache.remove()


def test_a_cache_that_a_sandbox_stands_on_is_not_removed(hello, settings):
    claims.claim(settings.folder, settings.name)
    build.build(settings)
    with pytest.raises(SandboxError, match=rf"in use by the sandbox in {settings.folder}"):
        clean()
    (settings.tools / "hello").unlink()
    (settings.tools / "hello-again").unlink()
    clean()
    assert not cache.cache_folder().exists()
