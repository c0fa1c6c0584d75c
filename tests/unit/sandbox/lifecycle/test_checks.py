"""What is looked at before anything is made: ports, disk, tier, packages, and what the environment asks."""

import socket
from collections import namedtuple
from pathlib import Path

import pytest

from sandbox.creation import create_or_load
from sandbox.errors import SandboxError
from sandbox.machine import disk, packages, ports, tier
from sandbox.settings import Settings
from sandbox.up import variables


def test_a_taken_port_is_named_with_who_has_it(make_settings):
    settings = make_settings(index=99)
    taken = r"Port 5000 on 127\.233\.99\.1, .*registry, is taken by \S+ \(pid"
    with socket.create_server((settings.address(1), 5000)), pytest.raises(SandboxError, match=taken):
        ports.check(settings)
    ports.check(settings)


def test_a_server_on_all_addresses_is_in_the_way_too(make_settings):
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SandboxError, match=rf"Port {port} on 127\.0\.0\.1, needed for Notejam, .* \(pid"):
            ports.check(make_settings(index=99, notejam_port=port))


def test_a_free_port_is_another_one_where_the_preferred_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert ports.free_port(taken) != taken


def test_too_little_disk_says_how_much_is_needed_and_free(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("sandbox.machine.disk.shutil.disk_usage", lambda _path: usage(0, 0, 4 * disk.GIB))
    disk.check(tmp_path / "sandbox", tmp_path / "cache", building=False)
    with pytest.raises(SandboxError, match=r"4\.0 GiB free; needed are 3 GiB for .* and 14 GiB for"):
        disk.check(tmp_path / "sandbox", tmp_path / "cache", building=True)


def test_without_root_a_node_is_refused_and_auto_says_why_it_is_virtual(tmp_path, monkeypatch):
    monkeypatch.setattr("sandbox.machine.tier.os.geteuid", lambda: 1000)
    assert tier.choose("auto", tmp_path) == (
        "virtual",
        "a real node needs more rights than there are: not root",
    )
    with pytest.raises(SandboxError, match=r"real node.*not root.*virtual"):
        tier.choose("node", tmp_path)


def test_root_without_rights_is_found_out_by_trying(tmp_path, monkeypatch):
    monkeypatch.setattr("sandbox.machine.tier.os.geteuid", lambda: 0)
    monkeypatch.setattr(
        "sandbox.machine.tier.TRIAL", 'echo "control groups" >&2; echo "Read-only file system" >&2; exit 1'
    )
    reason = tier.missing_right(tmp_path)
    assert reason is not None
    assert "Read-only file system" in reason or "unshare" in reason
    assert not list(tmp_path.iterdir())


def test_missing_packages_are_named_where_they_cannot_be_installed(tmp_path, monkeypatch):
    monkeypatch.setattr("sandbox.machine.packages.os.geteuid", lambda: 1000)
    with pytest.raises(SandboxError, match=r"missing: git, runc\..*sudo apt-get install .*git runc"):
        packages.install(["git", "runc"], tmp_path / "packages.log")


def test_packages_follow_from_the_programs_that_are_missing(monkeypatch):
    monkeypatch.setattr("sandbox.machine.packages.shutil.which", lambda _program, path=None: None)
    monkeypatch.setattr("sandbox.machine.packages.POSTGRESQL_ROOT", Path("/nonexistent"))
    assert {"git", "haproxy", "postgresql"} <= set(packages.missing("virtual"))
    assert "containerd" not in packages.missing("virtual")
    assert {"containerd", "runc", "buildah"} <= set(packages.missing("node"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTEJAM_SANDBOX_TIER", "virtual")
    return tmp_path / "sandbox"


def test_a_sandbox_is_made_once_and_found_again(folder):
    made, _reason = create_or_load(folder)
    again, _reason = create_or_load(folder)
    assert again == made == Settings.load(folder)


def test_each_sandbox_has_credentials_and_a_network_of_its_own(folder, tmp_path):
    one, _reason = create_or_load(folder)
    other, _reason = create_or_load(tmp_path / "other")
    assert one.secret_access_key != other.secret_access_key
    assert one.access_key_id != other.access_key_id
    assert one.subnet != other.subnet


def test_a_folder_with_files_of_somebody_else_is_left_alone(folder):
    folder.mkdir()
    (folder / "thesis.tex").touch()
    with pytest.raises(SandboxError, match="holds files but no sandbox"):
        create_or_load(folder)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NOTEJAM_SANDBOX_NAME", "Not A Name"),
        ("NOTEJAM_SANDBOX_TIER", "cloud"),
        ("NOTEJAM_TIME_SCALE", "fast"),
        ("NOTEJAM_TIME_SCALE", "0"),
        ("NOTEJAM_SANDBOX_EMULATOR", "azure"),
    ],
)
def test_a_wrong_variable_is_named_and_nothing_is_made(folder, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SandboxError, match=f"{variable} is '{value}'"):
        create_or_load(folder)
    assert not folder.exists()


def test_variables_over_the_inventorys_come_from_a_file_that_is_there(tmp_path, monkeypatch):
    assert variables() == []
    monkeypatch.setenv("NOTEJAM_VARIABLES", str(tmp_path / "more.yml"))
    with pytest.raises(SandboxError, match=r"more\.yml, which is no file"):
        variables()
    (tmp_path / "more.yml").touch()
    assert variables() == ["--extra-vars", f"@{tmp_path}/more.yml"]


def test_a_standing_sandbox_takes_a_new_time_scale_but_no_other_name(folder, monkeypatch):
    create_or_load(folder)
    monkeypatch.setenv("NOTEJAM_TIME_SCALE", "600")
    create_or_load(folder)
    assert Settings.load(folder).time_scale == 600
    monkeypatch.setenv("NOTEJAM_SANDBOX_NAME", "another")
    with pytest.raises(SandboxError, match="make down"):
        create_or_load(folder)
