"""Two commands on one sandbox, and two sandboxes on one machine."""

import subprocess
import sys
import tempfile

import pytest

from sandbox import claims, lock
from sandbox.errors import SandboxError

HOLD = """
import sys, tempfile
from pathlib import Path
tempfile.tempdir = sys.argv[1]
from sandbox import lock
with lock.exclusive(Path(sys.argv[2]), "make up"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_command_names_the_first_and_a_killed_one_holds_nothing(tmp_path):
    folder = tmp_path / "sandbox"
    command = [sys.executable, "-c", HOLD, tempfile.gettempdir(), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        first.stdout.readline()
        with pytest.raises(SandboxError, match=rf"make up` \(pid {first.pid}\)"), lock.exclusive(folder, "x"):
            pass
        with lock.exclusive(tmp_path / "another", "x"):
            pass
        first.kill()
    with lock.exclusive(folder, "x"):
        pass


def test_a_lock_taken_on_a_removed_file_is_not_held(tmp_path):
    folder = tmp_path / "sandbox"
    with lock.exclusive(folder, "make down") as path:
        path.unlink()
        with lock.exclusive(folder, "make up") as fresh:
            assert fresh.read_text().startswith("`make up`")


def sandbox(folder):
    folder.mkdir()
    (folder / "settings.json").touch()
    return folder


def test_each_sandbox_has_an_index_of_its_own_and_keeps_it(tmp_path):
    one, other = sandbox(tmp_path / "one"), sandbox(tmp_path / "other")
    assert claims.claim(one, "one").index == 0
    assert claims.claim(other, "other").index == 1
    assert claims.claim(one, "one").index == 0
    claims.release(one)
    assert claims.claimed(one) is None
    assert claims.claim(sandbox(tmp_path / "third"), "third").index == 0


def test_the_index_of_a_sandbox_whose_folder_was_removed_is_taken_over(tmp_path):
    assert claims.claim(tmp_path / "removed", "removed").index == 0
    assert claims.claim(sandbox(tmp_path / "new"), "new").index == 0


def test_no_index_left_is_said(tmp_path):
    claims.claim(sandbox(tmp_path / "one"), "one", [4])
    with pytest.raises(SandboxError, match="make down"):
        claims.claim(tmp_path / "two", "two", [4])


def test_no_two_sandboxes_have_one_name(tmp_path):
    assert claims.free_name(None) == "notejam"
    claims.claim(sandbox(tmp_path / "one"), "notejam")
    assert claims.free_name(None) == "notejam-2"
    with pytest.raises(SandboxError, match=rf"'notejam', the name of the sandbox in {tmp_path}/one"):
        claims.free_name("notejam")


def test_the_last_sandbox_leaves_no_claim_behind(tmp_path):
    with claims.exclusive():
        claims.claim(sandbox(tmp_path / "one"), "one")
    claims.release(tmp_path / "one")
    assert not list(claims.runtime_folder().iterdir())
