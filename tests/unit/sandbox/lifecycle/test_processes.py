"""Programs under a real supervisord: the ensured run, the removed are gone, the killed come back."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from sandbox import supervisor
from sandbox.errors import SandboxError
from sandbox.processes import ABSENT, Processes, Program, escaped, quotable

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def processes(make_settings):
    settings = make_settings()
    settings.save()
    supervisor.ensure(settings)
    yield Processes(settings)
    supervisor.stop(settings)


def until(condition, seconds=20):
    """Wait for something that supervisord does in its own time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def running(processes, name):
    until(lambda: processes.state(name) == "RUNNING")
    return processes.all()[name].pid


def test_a_program_is_started_once_and_restarted_when_it_changes(processes):
    assert processes.ensure(Program("job", SLEEP))
    first = running(processes, "job")
    assert not processes.ensure(Program("job", SLEEP))
    assert processes.all()["job"].pid == first
    assert processes.ensure(Program("job", SLEEP, environment={"COLOUR": "blue"}))
    assert running(processes, "job") != first


def test_environment_and_command_arrive_as_they_were_given(processes, tmp_path):
    seen = tmp_path / "seen"
    script = f"import os, sys; open({str(seen)!r}, 'w').write(os.environ['TEXT'] + '|' + sys.argv[1])"
    text = "100% of $HOME, a=b; it's"
    processes.ensure(
        Program("echo", [sys.executable, "-c", script, text], environment={"TEXT": text}, autorestart=False)
    )
    until(lambda: processes.state("echo") == "EXITED")
    assert seen.read_text() == f"{text}|{text}"
    assert processes.all()["echo"].finished


def test_a_removed_program_is_gone_and_removing_it_again_is_no_error(processes):
    processes.ensure(Program("job", SLEEP))
    pid = running(processes, "job")
    processes.remove("job")
    assert processes.state("job") == ABSENT
    assert not Path(f"/proc/{pid}").exists()
    processes.remove("job")


def test_a_failed_job_is_told_from_a_finished_one(processes):
    processes.ensure(Program("bad", [sys.executable, "-c", "print('why'); exit(3)"], autorestart=False))
    until(lambda: processes.state("bad") == "EXITED")
    state = processes.all()["bad"]
    assert not state.finished
    assert state.exit_status == 3
    assert "why" in state.log.read_text()


def test_killed_programs_and_a_killed_supervisord_come_back(processes, make_settings):
    settings = make_settings()
    processes.ensure(Program("job", SLEEP))
    first = running(processes, "job")
    os.kill(first, signal.SIGKILL)
    until(lambda: processes.all()["job"].pid not in (0, first))
    second = running(processes, "job")
    os.kill(supervisor.pid(settings), signal.SIGKILL)
    until(lambda: not list(supervisor.processes(settings.folder)))
    with pytest.raises(SandboxError, match="make up"):
        processes.state("job")
    assert supervisor.ensure(settings)
    assert running(processes, "job") not in (first, second)


def test_a_signal_reaches_the_program(processes, tmp_path):
    mark = tmp_path / "mark"
    script = (
        "import signal, pathlib, time\n"
        f"signal.signal(signal.SIGHUP, lambda *_: pathlib.Path({str(mark)!r}).touch())\n"
        f"pathlib.Path({str(tmp_path / 'ready')!r}).touch()\n"
        "while True: time.sleep(1)\n"
    )
    (tmp_path / "program.py").write_text(script)
    processes.ensure(Program("job", [sys.executable, str(tmp_path / "program.py")]))
    until((tmp_path / "ready").exists)
    processes.signal("job", "HUP")
    until(mark.exists)


def test_a_persons_credentials_do_not_reach_programs(make_settings, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-real-one")
    assert "AWS_SECRET_ACCESS_KEY" not in supervisor.program_environment(make_settings())


@pytest.mark.parametrize("value", ["two\nlines", "a ;comment", "a #comment", "; first"])
def test_what_the_configuration_cannot_hold_is_refused(value):
    with pytest.raises(ValueError, match="cannot hold"):
        escaped(value)


@pytest.mark.parametrize("value", ['"quoted"', "'quoted'"])
def test_a_quote_in_a_variable_is_refused(value):
    with pytest.raises(ValueError, match="quote"):
        quotable(value)
