"""The Git server, spoken to by a real git over HTTP."""

import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cheroot.wsgi import Server

from sandbox.git_server import GitServer, create_repository

TOKEN = "the:token"


@dataclass
class Remote:
    url: str
    folder: Path

    def git(self, *arguments: str, cwd: Path, token: str = TOKEN, check: bool = True, **config: str):
        """Run git with the token in its environment, as the platform's own tools do."""
        settings = {"credential.helper": f"!printf 'username=git\\npassword=%s\\n' '{token}'; :", **config}
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(cwd),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": str(len(settings)),
            **{f"GIT_CONFIG_KEY_{i}": key for i, key in enumerate(settings)},
            **{f"GIT_CONFIG_VALUE_{i}": value for i, value in enumerate(settings.values())},
            **{
                f"GIT_{who}_{what}": "tester@example.com"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        }
        return subprocess.run(
            ["git", *arguments],
            cwd=cwd,
            env=environment,
            check=check,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    folder = tmp_path / "served" / "operations.git"
    create_repository(folder)
    server = Server(("127.0.0.1", 0), GitServer(folder.parent, TOKEN))
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield Remote(f"http://127.0.0.1:{server.bind_addr[1]}/operations.git", folder)
    server.stop()
    thread.join()


@pytest.fixture
def clone(remote: Remote, tmp_path: Path) -> Path:
    remote.git("clone", remote.url, "clone", cwd=tmp_path)
    return tmp_path / "clone"


def commit(remote: Remote, clone: Path, name: str, content: bytes) -> None:
    (clone / name).write_bytes(content)
    remote.git("add", name, cwd=clone)
    remote.git("commit", "--message", name, cwd=clone)


def test_what_one_pushes_another_clones(remote: Remote, clone: Path, tmp_path: Path) -> None:
    commit(remote, clone, "README.md", b"hello\n")
    remote.git("push", "origin", "HEAD:main", cwd=clone)

    remote.git("clone", remote.url, "second", cwd=tmp_path)
    assert (tmp_path / "second" / "README.md").read_text() == "hello\n"


def test_a_push_of_many_chunks_arrives_whole(remote: Remote, clone: Path, tmp_path: Path) -> None:
    noise = os.urandom(3_000_000)  # does not compress, so it is more than http.postBuffer holds
    commit(remote, clone, "noise", noise)
    remote.git("push", "origin", "HEAD:main", cwd=clone, **{"http.postBuffer": "65536"})

    remote.git("clone", "--depth", "1", remote.url, "second", cwd=tmp_path)
    assert (tmp_path / "second" / "noise").read_bytes() == noise


def test_a_fetch_with_a_compressed_request_is_answered(remote: Remote, clone: Path, tmp_path: Path) -> None:
    for number in range(40):  # git compresses a request of more than 1024 bytes: its list of what it has
        commit(remote, clone, f"file-{number}", b"x")
    remote.git("push", "origin", "HEAD:main", cwd=clone)
    remote.git("clone", remote.url, "second", cwd=tmp_path)
    for number in range(40):
        commit(remote, tmp_path / "second", f"own-{number}", b"y")
    commit(remote, clone, "last", b"z")
    remote.git("push", "origin", "HEAD:main", cwd=clone)

    remote.git("fetch", "origin", cwd=tmp_path / "second", **{"protocol.version": "0"})
    shown = remote.git("show", "origin/main:last", cwd=tmp_path / "second")
    assert shown.stdout == "z"


def test_who_has_no_token_neither_reads_nor_writes(remote: Remote, clone: Path, tmp_path: Path) -> None:
    commit(remote, clone, "README.md", b"hello\n")

    refused = [
        remote.git("ls-remote", remote.url, cwd=tmp_path, token="wrong", check=False),
        remote.git("push", "origin", "HEAD:main", cwd=clone, token="wrong", check=False),
    ]
    assert [run.returncode for run in refused] == [128, 128]
    assert all("Authentication failed" in run.stderr for run in refused)


def test_another_repository_is_not_found(remote: Remote, tmp_path: Path) -> None:
    other = remote.url.replace("operations", "another")
    assert "not found" in remote.git("ls-remote", other, cwd=tmp_path, check=False).stderr


def test_a_path_does_not_lead_out_of_the_folder(remote: Remote, tmp_path: Path) -> None:
    create_repository(tmp_path / "private.git")
    out = remote.url.replace("/operations.git", "/%2e%2e/private.git")
    assert remote.git("ls-remote", out, cwd=tmp_path, check=False).returncode == 128


@pytest.mark.parametrize(
    "authorization", [None, "Bearer the:token", "Basic !", "Basic Z2l0", "Basic Z2l0OnRoZTp0b2tlbjI="]
)
def test_other_credentials_are_refused_with_a_hint(remote: Remote, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    connection = HTTPConnection(urlsplit(remote.url).netloc)
    connection.request("GET", "/operations.git/info/refs?service=git-upload-pack", headers=headers)
    response = connection.getresponse()

    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    assert b"OPERATIONS_REPOSITORY_TOKEN" in response.read()


def test_health_needs_no_token(remote: Remote) -> None:
    connection = HTTPConnection(urlsplit(remote.url).netloc)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200


def test_a_repository_that_is_there_keeps_its_commits(remote: Remote, clone: Path, tmp_path: Path) -> None:
    commit(remote, clone, "README.md", b"hello\n")
    remote.git("push", "origin", "HEAD:main", cwd=clone)

    create_repository(remote.folder)
    assert "main" in remote.git("ls-remote", remote.url, cwd=tmp_path).stdout
