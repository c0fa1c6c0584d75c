"""A sandbox's settings: what follows from name and index, and what is said when they are not there."""

import stat
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.settings import LONGEST_SOCKET_PATH, Settings


def settings(folder: Path, **changes) -> Settings:
    values = {
        "name": "notejam",
        "folder": folder,
        "index": 7,
        "tier": "node",
        "notejam_port": 8080,
        "access_key_id": "AKIAEXAMPLE",
        "secret_access_key": "the-secret-key",
        "git_token": "the-git-token",
    }
    return Settings(**{**values, **changes})


def test_a_saved_sandbox_is_read_back_as_it_was(tmp_path):
    original = settings(tmp_path)
    original.save()
    assert Settings.load(tmp_path) == original


def test_settings_are_readable_by_their_owner_only(tmp_path):
    settings(tmp_path).save()
    assert stat.S_IMODE((tmp_path / "settings.json").stat().st_mode) == 0o600


def test_credentials_do_not_show_in_a_representation(tmp_path):
    shown = repr(settings(tmp_path))
    assert "the-secret-key" not in shown
    assert "the-git-token" not in shown


def test_a_folder_can_be_moved(tmp_path):
    settings(tmp_path / "old").save()
    (tmp_path / "old").rename(tmp_path / "new")
    assert Settings.load(tmp_path / "new").folder == tmp_path / "new"


def test_no_sandbox_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(SandboxError, match=rf"no sandbox in {tmp_path}.*make up"):
        Settings.load(tmp_path)


def test_a_damaged_file_is_an_error_that_names_it(tmp_path):
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(SandboxError, match=r"settings\.json cannot be read"):
        Settings.load(tmp_path)


@pytest.mark.parametrize(("tier", "gateway"), [("node", "10.233.7.1"), ("virtual", "127.233.7.1")])
def test_a_tier_without_root_lives_on_loopback(tmp_path, tier, gateway):
    assert settings(tmp_path, tier=tier).address(1) == gateway


def test_two_sandboxes_share_no_network(tmp_path):
    one, other = settings(tmp_path, index=0), settings(tmp_path, index=1)
    assert not one.subnet.overlaps(other.subnet)
    assert not one.pod_network.overlaps(other.pod_network)
    assert one.bridge != other.bridge


def test_a_socket_fits_the_kernels_limit_in_a_deep_folder(tmp_path):
    deep = settings(tmp_path / ("d" * 60) / ("e" * 60))
    assert len(str(deep.socket("supervisor.sock"))) <= LONGEST_SOCKET_PATH
    assert deep.socket("supervisor.sock") != settings(tmp_path / ("d" * 60) / ("f" * 60)).socket(
        "supervisor.sock"
    )
