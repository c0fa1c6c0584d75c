"""Publishing a folder to real Git repositories on disk."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.notejam.platform.plugins.module_utils.git_repository import Branch
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN

from .modules import run_module

TOKEN = "a-token-that-must-not-show"


def git(*arguments: str | Path, cwd: Path) -> str:
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    command = ["git", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    folder = tmp_path / "operations.git"
    git("init", "--bare", "--initial-branch=main", folder, cwd=tmp_path)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "gitops"
    write(folder, "clusters/services/namespaces.yaml", "one\n")
    write(folder, "namespaces/notejam.yaml", "two\n")
    return folder


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def publish(remote: Path, source: Path, **options: Any) -> dict[str, Any]:
    return run_module(
        "git_repository_publish", repository=str(remote), source=str(source), token=TOKEN, **options
    ).result


def published(remote: Path) -> dict[str, str]:
    paths = git("ls-tree", "-r", "--name-only", "main", cwd=remote).split()
    return {path: git("show", f"main:{path}", cwd=remote) for path in paths}


def push_as_someone_else(remote: Path, path: str, text: str) -> None:
    clone = remote.parent / f"clone-{path.replace('/', '-')}"
    git("clone", "--quiet", remote, clone, cwd=remote.parent)
    write(clone, path, text)
    git("add", "--all", cwd=clone)
    git("commit", "--message", path, cwd=clone)
    git("push", "origin", "HEAD:main", cwd=clone)


def commits(remote: Path) -> int:
    return int(git("rev-list", "--count", "main", cwd=remote))


def test_an_empty_repository_gets_its_first_commit(remote: Path, source: Path) -> None:
    planned = publish(remote, source, check_mode=True)
    assert (planned["changed"], planned["commit"], planned["revision"]) == (True, UNKNOWN, UNKNOWN)
    assert git("for-each-ref", cwd=remote) == ""

    done = publish(remote, source)
    assert done["changed"]
    assert done["files"] == planned["files"]
    assert done["diff"] == planned["diff"]
    assert published(remote) == {
        "clusters/services/namespaces.yaml": "one\n",
        "namespaces/notejam.yaml": "two\n",
    }
    assert done["revision"] == f"main@sha1:{git('rev-parse', 'main', cwd=remote).strip()}"


def test_what_is_published_already_makes_no_commit(remote: Path, source: Path) -> None:
    first = publish(remote, source)
    for check_mode in (True, False):
        again = publish(remote, source, check_mode=check_mode)
        assert not again["changed"]
        assert again["commit"] == first["commit"]
    assert commits(remote) == 1


def test_a_changed_an_added_and_a_removed_file_are_one_commit(remote: Path, source: Path) -> None:
    publish(remote, source)
    write(source, "clusters/services/namespaces.yaml", "another\n")
    (source / "namespaces/notejam.yaml").unlink()
    write(source, "namespaces/monitoring.yaml", "three\n")

    done = publish(remote, source)
    assert done["files"] == {
        "added": ["namespaces/monitoring.yaml"],
        "changed": ["clusters/services/namespaces.yaml"],
        "removed": ["namespaces/notejam.yaml"],
    }
    assert "-one\n+another\n" in done["diff"]["prepared"]
    assert commits(remote) == 2


def test_files_of_others_stay(remote: Path, source: Path) -> None:
    publish(remote, source)
    push_as_someone_else(remote, "previews/feature.yaml", "theirs\n")
    assert not publish(remote, source)["changed"]
    assert published(remote)["previews/feature.yaml"] == "theirs\n"


def test_excluded_paths_are_neither_written_nor_removed(remote: Path, source: Path) -> None:
    write(source, "microservices/notejam/tag", "unreleased\n")
    publish(remote, source, exclude=["microservices"])
    assert "microservices/notejam/tag" not in published(remote)

    push_as_someone_else(remote, "microservices/notejam/tag", "1.0\n")
    assert not publish(remote, source, exclude=["microservices"])["changed"]
    assert published(remote)["microservices/notejam/tag"] == "1.0\n"


def test_included_paths_are_published_alone_with_contents_that_the_task_gives(
    remote: Path, source: Path
) -> None:
    write(source, "microservices/notejam/tag", "unreleased\n")
    write(source, "microservices/notejam/job.yaml", "job\n")
    options = {"include": ["microservices/notejam"], "files": {"microservices/notejam/tag": "1.0\n"}}

    done = publish(remote, source, **options)
    assert done["changed"]
    assert published(remote) == {
        "microservices/notejam/tag": "1.0\n",
        "microservices/notejam/job.yaml": "job\n",
    }
    assert not publish(remote, source, **options)["changed"]


def test_an_executable_file_stays_one(remote: Path, source: Path) -> None:
    write(source, "hack/validate", "#!/bin/sh\n")
    publish(remote, source)
    (source / "hack/validate").chmod(0o755)
    assert publish(remote, source)["files"]["changed"] == ["hack/validate"]
    assert git("ls-tree", "main", "hack/validate", cwd=remote).startswith("100755")


def test_a_push_by_somebody_else_in_between_is_kept(
    remote: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(remote, source)
    write(source, "namespaces/notejam.yaml", "new\n")
    fetch, theirs = Branch.fetch, iter(["first", "second"])

    def fetch_then_be_overtaken(branch: Branch) -> str | None:
        tip = fetch(branch)
        for name in theirs:
            push_as_someone_else(remote, f"previews/{name}", "theirs\n")
            break
        return tip

    monkeypatch.setattr(Branch, "fetch", fetch_then_be_overtaken)
    done = publish(remote, source)
    assert done["changed"]
    assert published(remote) == {
        "clusters/services/namespaces.yaml": "one\n",
        "namespaces/notejam.yaml": "new\n",
        "previews/first": "theirs\n",
        "previews/second": "theirs\n",
    }
    assert commits(remote) == 4


def test_a_branch_that_refuses_a_commit_for_another_reason_says_so(remote: Path, source: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'main is protected'\nexit 1\n")
    hook.chmod(0o755)
    failed = publish(remote, source)
    assert failed["failed"]
    assert "main is protected" in failed["msg"]


def test_a_missing_repository_is_named(tmp_path: Path, source: Path) -> None:
    failed = publish(tmp_path / "nowhere.git", source)
    assert str(tmp_path / "nowhere.git") in failed["msg"]
    assert "create it, or correct the URL" in failed["msg"]


def test_a_missing_folder_is_named(remote: Path, tmp_path: Path) -> None:
    assert "`source`" in publish(remote, tmp_path / "nowhere")["msg"]


def test_a_password_in_the_url_is_refused(source: Path) -> None:
    failed = run_module(
        "git_repository_publish", repository="https://git:hunter2@example.com/a.git", source=str(source)
    ).result
    assert "`token`" in failed["msg"]


def test_the_token_is_in_no_argument_and_no_file(
    remote: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    run = subprocess.run

    def record(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        done = run(command, **options)
        seen.extend(command)
        seen.extend(path.read_text() for path in Path(options["cwd"]).glob("config"))
        return done

    monkeypatch.setattr(subprocess, "run", record)
    result = publish(remote, source)
    assert seen
    assert TOKEN not in "".join(seen)
    assert TOKEN not in str(result)
