"""The Flux repository is whole: what it names exists, and the roles write what parameterises it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

ROOT = Path(__file__).parents[3]
GITOPS = ROOT / "gitops"
VARIABLE = re.compile(r"\$\{(\w+)\}")


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def manifests() -> list[Path]:
    return sorted(GITOPS.rglob("*.yaml"))


def flux_kustomizations() -> list[dict[str, Any]]:
    files = sorted((GITOPS / "clusters/services").glob("*.yaml"))
    return [document for file in files for document in documents(file)]


def kustomizations() -> list[Path]:
    return sorted(GITOPS.rglob("kustomization.yaml"))


def reachable(folder: Path) -> Iterator[Path]:
    """The folder and every component that it includes."""
    yield folder
    for component in documents(folder / "kustomization.yaml")[0].get("components", []):
        yield from reachable((folder / component).resolve())


def written_by_roles() -> set[str]:
    """The keys of the ConfigMap `site`."""
    gitops = yaml.safe_load((ROOT / "roles/gitops/defaults/main.yml").read_text())["gitops_values"]
    notejam = yaml.safe_load((ROOT / "roles/notejam/vars/main.yml").read_text())
    return {*gitops, *notejam["__notejam_values"]["data"], *notejam["__notejam_capacity"]["data"]}


@pytest.mark.parametrize("flux", flux_kustomizations(), ids=lambda flux: flux["metadata"]["name"])
def test_every_variable_is_given_a_value(flux: dict[str, Any]) -> None:
    build = flux["spec"].get("postBuild", {})
    given = set(build.get("substitute", {}))
    if {"kind": "ConfigMap", "name": "site"} in build.get("substituteFrom", []):
        given |= written_by_roles()
    files = [file for folder in reachable(GITOPS / flux["spec"]["path"]) for file in folder.glob("*.yaml")]
    used = {name for file in files for name in VARIABLE.findall(file.read_text())}
    assert used <= given


@pytest.mark.parametrize("flux", flux_kustomizations(), ids=lambda flux: flux["metadata"]["name"])
def test_flux_waits_for_what_it_applies_and_tries_again(flux: dict[str, Any]) -> None:
    spec = flux["spec"]
    assert spec["wait"] is True
    assert {"timeout", "retryInterval", "interval", "prune"} <= spec.keys()
    assert (GITOPS / spec["path"] / "kustomization.yaml").is_file()


def test_what_others_depend_on_exists() -> None:
    names = {flux["metadata"]["name"] for flux in flux_kustomizations()}
    wanted = {each["name"] for flux in flux_kustomizations() for each in flux["spec"].get("dependsOn", [])}
    assert wanted <= names


def test_the_roles_wait_for_every_kustomization() -> None:
    awaited: set[str] = set()
    for role, variable in (
        ("gitops", "__gitops_platform_kustomizations"),
        ("notejam", "__notejam_kustomizations"),
    ):
        awaited |= set(yaml.safe_load((ROOT / f"roles/{role}/vars/main.yml").read_text())[variable])
    assert awaited == {"services"} | {flux["metadata"]["name"] for flux in flux_kustomizations()}


@pytest.mark.parametrize("path", kustomizations(), ids=lambda path: str(path.relative_to(GITOPS).parent))
def test_a_folder_lists_all_its_files(path: Path) -> None:
    kustomization = documents(path)[0]
    patches = [patch["path"] for patch in kustomization.get("patches", []) if "path" in patch]
    listed = {*kustomization.get("resources", []), *patches}
    assert listed == {file.name for file in path.parent.glob("*.yaml")} - {"kustomization.yaml"}


@pytest.mark.parametrize("path", manifests(), ids=lambda path: str(path.relative_to(GITOPS)))
def test_nothing_is_left_to_chance_or_to_ansible(path: Path) -> None:
    text = path.read_text()
    assert "{{" not in text
    assert ":latest" not in text
    assert "$" not in VARIABLE.sub("", text)


def test_a_release_differs_from_the_repository_by_its_tag_only() -> None:
    template = (ROOT / "roles/notejam/templates/release.yaml.j2").read_text()
    environment = jinja2.Environment(keep_trailing_newline=True)  # noqa: S701 - YAML, not HTML
    environment.filters["to_json"] = lambda value: f'"{value}"'
    rendered = environment.from_string(template).render(notejam_release="1.4.0")
    ours = (GITOPS / "microservices/notejam/release/kustomization.yaml").read_text()
    assert rendered.replace('"1.4.0"', "unreleased") == ours
