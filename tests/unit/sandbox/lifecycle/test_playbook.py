"""Following a run of ansible-playbook: its tasks, the time of each role, and what is shown when it fails."""

import pytest

from sandbox import playbook
from sandbox.playbook import Playbook

PLAY = """
import sys, time
def say(*lines):
    print(*lines, sep="\\n", flush=True)
say("", "PLAY [Build the sites] ***", "", "TASK [network : Create the VPC] *****", "changed: [site]")
time.sleep(0.3)
say("", "TASK [Start from what the site has] ***", "ok: [site]", "")
say("TASK [database : database | Create it] ***", "fatal: [site]: FAILED! => no quota", "")
say("PLAY RECAP ****", "site : ok=2 failed=1")
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def run(make_settings, monkeypatch, tmp_path):
    """Follow the play above, which ends with the code that is given."""
    settings = make_settings()
    settings.logs.mkdir(parents=True)
    (tmp_path / "play.py").write_text(PLAY)

    def start(code):
        monkeypatch.setattr(playbook, "COMMAND", ("python", str(tmp_path / "play.py"), str(code)))
        entered = []
        followed = Playbook(settings, lambda *task: entered.append(task))
        return followed, entered

    return start


def test_a_run_is_followed_task_by_task_and_timed_by_role(run):
    followed, entered = run(0)
    assert followed.succeeded()
    assert entered == [
        ("network", "Create the VPC"),
        ("", "Start from what the site has"),
        ("database", "database | Create it"),
    ]
    assert followed.role_seconds["network"] > followed.role_seconds["database"]
    assert "PLAY RECAP" in followed.log.read_text()


def test_a_failure_shows_the_task_and_what_it_said_but_not_the_recap(run):
    followed, _entered = run(2)
    assert not followed.succeeded()
    said = "\n".join(followed.last_task)
    assert said.startswith("TASK [database : database | Create it]")
    assert "no quota" in said
    assert "RECAP" not in said


def test_a_stopped_run_is_gone(run):
    followed, _entered = run(0)
    followed.stop()
    assert followed.process.poll() is not None
    assert not followed.running()
