"""The collection passes Ansible's own tests of collections, and its documentation and changelog are sound.

ansible-test makes a virtual environment for each of its tests, with the packages that it pins itself; they
lie in the cache, so only the first run waits for them.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sysconfig
from importlib.metadata import version
from pathlib import Path

import pytest

from sandbox import cache, python_environments
from tests.commands import BIN, ROOT, environment, run

COLLECTION = ROOT / "collections" / "ansible_collections" / "notejam" / "platform"
HERE = Path(__file__).parent
PYTHON = ".".join(platform.python_version_tuple()[:2])
# What https://bootstrap.pypa.io/get-pip.py does, with the pip of the package index. ansible-test would fetch
# that script from its own server, or takes it from here:
# https://docs.ansible.com/projects/ansible/latest/dev_guide/testing_running_locally.html
GET_PIP = """
import sys

sys.path.insert(0, {packages!r})
from pip._internal.cli.main import main

options = [option for option in sys.argv[1:] if option not in ("--no-setuptools", "--no-wheel")]
sys.exit(main(["install", "--upgrade", "--force-reinstall", *options]))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection in a folder as ansible-test wants it, beside the collections that it builds on."""
    root = tmp_path_factory.mktemp("collections") / "ansible_collections"
    installed = Path(sysconfig.get_path("purelib")) / "ansible_collections"
    for name in ("amazon/aws", "community/aws", "kubernetes/core"):
        (root / name).parent.mkdir(parents=True)
        (root / name).symlink_to(installed / name)
    copy = root / COLLECTION.relative_to(COLLECTION.parents[1])
    shutil.copytree(COLLECTION, copy, ignore=shutil.ignore_patterns("__pycache__", "output"))
    return copy


def home() -> Path:
    """A home folder for this version of ansible-test, with the pip that it starts from."""
    folder = cache.ensure() / f"ansible-test-{version('ansible-core')}"
    requirements = HERE / "pip.txt"
    [pinned] = re.findall(r"^pip==(\S+)", requirements.read_text(), re.MULTILINE)
    script = folder / ".ansible" / "test" / "cache" / f"get_pip_{pinned.replace('.', '_')}.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    packages = python_environments.ensure(requirements).parent / "lib" / f"python{PYTHON}" / "site-packages"
    script.write_text(GET_PIP.format(packages=str(packages)))
    return folder


def test_ansible_test_sanity(tree: Path) -> None:
    """All of them but pylint: it reads modules as Python 3.9 and refuses the `X | None` of annotations.

    What it looks for, ruff and mypy find in the project's own Python.
    """
    index = os.environ.get("PIP_INDEX_URL") or os.environ.get("UV_DEFAULT_INDEX")
    env = environment(HOME=str(home()), **({"PIP_INDEX_URL": index} if index else {}))
    options = ("--color", "no", "--truncate", "0", "--python", PYTHON, "--skip-test", "pylint")
    run("ansible-test", BIN / "ansible-test", "sanity", *options, env=env, cwd=tree)


def test_documentation(tree: Path, tmp_path: Path) -> None:
    """Every page is rendered, and every name that the documentation links to is there."""
    antsibull_docs = python_environments.ensure(HERE / "antsibull.txt") / "antsibull-docs"
    # What the other collections have is not in the checkout's Git, only below it.
    env = environment(ANSIBLE_COLLECTIONS_PATH=str(tree.parents[2]), GIT_CEILING_DIRECTORIES=str(ROOT))
    lint = (antsibull_docs, "lint-collection-docs", "--plugin-docs", tree)
    run("antsibull-docs-lint", *lint, env=env, cwd=tree)
    render = (antsibull_docs, "collection", "--use-current", "--fail-on-error", "--squash-hierarchy")
    run("antsibull-docs", *render, "--dest-dir", tmp_path, "notejam.platform", env=env, cwd=tree)
    pages = {page.stem for page in tmp_path.glob("*_module.rst")}
    modules = {module.stem for module in (COLLECTION / "plugins" / "modules").glob("*.py")}
    assert pages == {f"{module}_module" for module in modules}
