# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A branch of a remote Git repository, read and written by Git's own plumbing without a work tree."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

FILE, EXECUTABLE = "100644", "100755"
# A connection of fewer bytes a second for so many seconds is given up (git(1), Environment Variables).
SLOWEST_TRANSFER = {"GIT_HTTP_LOW_SPEED_LIMIT": "100", "GIT_HTTP_LOW_SPEED_TIME": "30"}
REFUSED = (
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "error: 401",
    "error: 403",
)
MISSING = ("not found", "does not appear to be a git repository", "does not exist", "error: 404")
OVERTAKEN = ("[rejected]", "[remote rejected]", "cannot lock ref", "fetch first", "non-fast-forward")


class GitError(Exception):
    """Git refused; the message says what was wrong and what to do."""


class Entry(NamedTuple):
    """A file in a tree: its mode and the id of its content."""

    mode: str
    blob: str


Tree = dict[str, Entry]


class Branch:
    """One branch of the repository at `url`, by way of an empty local repository in `folder`.

    The token goes to Git in its environment, and only to this URL: it is in no argument, URL or file
    (git-config(1), GIT_CONFIG_COUNT and http.<url>.extraHeader).
    """

    def __init__(
        self, git: str, folder: Path, url: str, branch: str, username: str = "", token: str = ""
    ) -> None:
        self._git_program = git
        self._folder = folder
        self.url = url
        self.name = branch
        self._environment = _environment(url, username, token)
        self._git("init", "--quiet", "--bare", str(folder))

    def fetch(self) -> str | None:
        """Fetch the newest commit without its history; returns its id, None when there is no such branch."""
        reference = f"refs/heads/{self.name}"
        done = self._run("fetch", "--quiet", "--no-tags", "--depth=1", self.url, reference)
        if done.returncode == 0:
            return self._git("rev-parse", "FETCH_HEAD").strip()
        if "couldn't find remote ref" in done.stderr:
            return None
        raise self._error("read", done.stderr)

    def tree(self, commit: str | None) -> Tree:
        """The files of a commit; none without a commit."""
        if commit is None:
            return {}
        lines = self._git("ls-tree", "-r", "-z", commit).split("\0")
        entries = (line.split("\t", 1) for line in lines if line)
        return {path: Entry(about.split()[0], about.split()[2]) for about, path in entries}

    def store(self, files: Iterable[Path]) -> list[str]:
        """Keep the contents of these files, and return their ids in the same order."""
        paths = "".join(f"{path}\n" for path in files)
        return self._git("hash-object", "-w", "--no-filters", "--stdin-paths", text=paths).split()

    def store_text(self, text: str) -> str:
        return self._git("hash-object", "-w", "--no-filters", "--stdin", text=text).strip()

    def write(self, tree: Tree) -> str:
        """Write a tree of these files, and return its id."""
        index = "".join(f"{entry.mode} {entry.blob}\t{path}\0" for path, entry in sorted(tree.items()))
        self._git("read-tree", "--empty")
        self._git("update-index", "-z", "--index-info", text=index)
        return self._git("write-tree").strip()

    def diff(self, commit: str | None, tree: str) -> str:
        """What changes from the commit to the tree, as a patch."""
        before = commit or self._git("hash-object", "-t", "tree", "-w", os.devnull).strip()
        return self._git("diff-tree", "--patch", "-r", "--no-renames", "--no-color", before, tree)

    def commit(self, parent: str | None, tree: str, message: str, author: tuple[str, str]) -> str:
        """Make a commit by `author` (name, email), and return its id."""
        parents = ["-p", parent] if parent else []
        name, email = author
        people = {f"GIT_{who}_NAME": name for who in ("AUTHOR", "COMMITTER")}
        people |= {f"GIT_{who}_EMAIL": email for who in ("AUTHOR", "COMMITTER")}
        return self._git("commit-tree", tree, *parents, text=message, **people).strip()

    def push(self, commit: str) -> bool:
        """Add the commit to the branch; False, and nothing done, when somebody else was first."""
        done = self._run("push", "--quiet", self.url, f"{commit}:refs/heads/{self.name}")
        if done.returncode == 0:
            return True
        if any(sign in done.stderr for sign in OVERTAKEN) and "pre-receive hook" not in done.stderr:
            return False
        raise self._error("write", done.stderr)

    def _git(self, *arguments: str, text: str | None = None, **environment: str) -> str:
        done = self._run(*arguments, text=text, **environment)
        if done.returncode != 0:
            raise GitError(f"git {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def _run(
        self, *arguments: str, text: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            [self._git_program, *arguments],
            cwd=self._folder,
            env={**self._environment, **environment},
            input=text or "",
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )

    def _error(self, action: str, stderr: str) -> GitError:
        if any(sign in stderr for sign in REFUSED):
            advice = f"The Git host refused the credentials: give a token that may {action} this repository."
        elif any(sign in stderr for sign in MISSING):
            advice = (
                "There is no such repository, or the token may not see it: create it, or correct the URL."
            )
        else:
            advice = "Check that the Git host can be reached from here."
        return GitError(
            f"Cannot {action} branch {self.name} of {self.url}. {advice} Git says: {stderr.strip()}"
        )


def _environment(url: str, username: str, token: str) -> dict[str, str]:
    config = {
        "credential.helper": "",  # no helper of the user's may answer or keep the token
        "core.hooksPath": os.devnull,
        "safe.bareRepository": "all",
    }
    if token:
        credentials = base64.b64encode(f"{username}:{token}".encode()).decode()
        config[f"http.{url}.extraHeader"] = f"Authorization: Basic {credentials}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    numbered = list(enumerate(config.items()))
    return {
        **inherited,
        **SLOWEST_TRANSFER,
        "LC_ALL": "C",  # messages are told apart by their text
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "GIT_CONFIG_COUNT": str(len(config)),
        **{f"GIT_CONFIG_KEY_{number}": key for number, (key, _value) in numbered},
        **{f"GIT_CONFIG_VALUE_{number}": value for number, (_key, value) in numbered},
    }
