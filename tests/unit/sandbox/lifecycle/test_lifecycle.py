"""Status and down on sandboxes in every state that bad luck leaves, and what a client finds in `env`."""

import dataclasses
import os
import signal
import subprocess
import sys
import time

import pytest

from sandbox import claims, cli, environment, status, supervisor
from sandbox.creation import create_or_load
from sandbox.down import down
from sandbox.errors import SandboxError
from sandbox.machine import bridge
from sandbox.processes import Processes, Program
from sandbox.settings import runtime_folder, sandbox_folder

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def settings(monkeypatch):
    monkeypatch.setenv("NOTEJAM_SANDBOX_TIER", "virtual")
    made, _reason = create_or_load(sandbox_folder())
    yield made
    supervisor.kill_leftovers(made.folder)


def test_nothing_up_is_its_own_exit_code(capsys):
    assert cli.main(["status"]) == status.NOTHING_UP
    assert "make up" in capsys.readouterr().out


def test_status_is_healthy_while_all_programs_run(settings, capsys):
    supervisor.ensure(settings)
    processes = Processes(settings)
    processes.ensure(Program("sleeper", SLEEP))
    while processes.state("sleeper") != "RUNNING":
        time.sleep(0.1)
    assert cli.main(["status"]) == status.HEALTHY
    assert "logs/sleeper.log" in capsys.readouterr().out


def test_status_names_a_program_that_does_not_stay_up(settings, capsys):
    supervisor.ensure(settings)
    processes = Processes(settings)
    processes.ensure(Program("broken", [sys.executable, "-c", "exit(1)"]))
    assert cli.main(["status"]) == status.UNHEALTHY
    assert "✗ broken: is" in capsys.readouterr().out


def test_status_names_everything_after_supervisord_was_killed(settings, capsys):
    supervisor.ensure(settings)
    Processes(settings).ensure(Program("sleeper", SLEEP))
    os.kill(supervisor.pid(settings), signal.SIGKILL)
    while supervisor.pid(settings):
        time.sleep(0.1)
    assert cli.main(["status"]) == status.UNHEALTHY
    said = capsys.readouterr().out
    assert "✗ supervisord: is stopped" in said
    assert "✗ sleeper: is absent" in said


def test_down_removes_a_running_sandbox_and_the_second_time_nothing(settings):
    supervisor.ensure(settings)
    Processes(settings).ensure(Program("sleeper", SLEEP))
    assert f"folder {settings.folder}" in down()
    assert not settings.folder.exists()
    assert not list(supervisor.processes(settings.folder))
    assert down() == []
    assert not list(runtime_folder().iterdir())


def test_down_works_on_a_sandbox_that_was_only_begun(settings):
    assert f"folder {settings.folder}" in down()


def test_down_works_without_readable_settings(settings, monkeypatch):
    # The claims of a test begin at 0 like a person's: a bridge of that number is not the test's.
    monkeypatch.setattr("sandbox.machine.bridge.exists", lambda _settings: False)
    supervisor.ensure(settings)
    (settings.folder / "settings.json").write_text("{")
    down()
    assert not settings.folder.exists()
    assert not list(supervisor.processes(settings.folder))


def test_down_leaves_another_sandbox_alone(settings, tmp_path, monkeypatch):
    supervisor.ensure(settings)
    other, _reason = create_or_load(tmp_path / "other")
    monkeypatch.setenv("NOTEJAM_SANDBOX", str(other.folder))
    down()
    assert supervisor.pid(settings)
    assert claims.claimed(settings.folder)


def test_a_bridge_has_an_address_of_its_own_whatever_nodes_come_and_go(settings, monkeypatch):
    commands = []
    monkeypatch.setattr("sandbox.machine.bridge._ip", lambda *words: commands.append(words))
    for index in (1, 250):
        bridge.ensure(dataclasses.replace(settings, tier="node", index=index))
    given = [words for words in commands if "address" in words]
    assert [words[-1] for words in given] == ["02:6e:6a:73:00:01", "02:6e:6a:73:00:fa"]


def test_down_leaves_the_bridge_of_another_users_sandbox_alone(settings, monkeypatch):
    """Without a node, a bridge of the same number is not ours; each user's indexes begin at 0."""
    commands = []
    monkeypatch.setattr("sandbox.machine.bridge.os.path.exists", lambda _path: True)
    monkeypatch.setattr("sandbox.machine.bridge._ip", lambda *words: commands.append(words))
    assert f"bridge {settings.bridge}" not in down()
    assert commands == []


def test_down_leaves_files_of_somebody_else_alone():
    folder = sandbox_folder()
    folder.mkdir()
    (folder / "thesis.tex").touch()
    with pytest.raises(SandboxError, match="holds no sandbox"):
        down()
    assert (folder / "thesis.tex").exists()


def test_a_person_who_sourced_env_is_not_a_process_of_the_sandbox(settings):
    path = environment.write(settings)
    shell = f". {path}; {sys.executable} -c 'import os; print(os.getpid()); import time; time.sleep(60)'"
    with subprocess.Popen(["/bin/sh", "-c", shell], stdout=subprocess.PIPE, text=True) as person:
        pid = int(person.stdout.readline())
        assert not list(supervisor.processes(settings.folder))
        os.kill(pid, signal.SIGTERM)


def sourced(path, **inherited):
    done = subprocess.run(
        ["/bin/sh", "-c", f". {path}; env"],
        env={"PATH": os.environ["PATH"], **inherited},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_env_points_every_client_at_the_sandbox_and_at_no_real_account(settings):
    path = environment.write(settings)
    assert path.stat().st_mode & 0o777 == 0o600
    seen = sourced(path, AWS_PROFILE="production", AWS_SESSION_TOKEN="real", no_proxy="example.com")
    assert seen["AWS_ENDPOINT_URL"] == settings.aws_endpoint_url
    assert seen["AWS_SECRET_ACCESS_KEY"] == settings.secret_access_key
    assert seen["PATH"].startswith(f"{os.path.dirname(sys.executable)}:{settings.tools}:")
    assert seen["no_proxy"] == f"example.com,{settings.address(1)},127.0.0.1"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(seen)


def test_a_client_that_we_start_sees_what_sourcing_env_gives(settings, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    seen = sourced(environment.write(settings))
    ours = environment.client(settings)
    assert {name: ours[name] for name in environment.variables(settings)} == {
        name: seen[name] for name in environment.variables(settings)
    }
    assert "AWS_PROFILE" not in ours
