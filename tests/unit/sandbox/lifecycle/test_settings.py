"""A sandbox's settings: what follows from name and index, and what is said when they are not there."""

import stat

import pytest

from sandbox.errors import SandboxError
from sandbox.settings import LONGEST_SOCKET_PATH, Settings


def test_a_saved_sandbox_is_read_back_as_it_was(make_settings):
    original = make_settings()
    original.save()
    assert Settings.load(original.folder) == original


def test_settings_are_readable_by_their_owner_only(make_settings):
    settings = make_settings()
    settings.save()
    assert stat.S_IMODE((settings.folder / "settings.json").stat().st_mode) == 0o600


def test_credentials_do_not_show_in_a_representation(make_settings):
    shown = repr(make_settings())
    assert "the-secret-key" not in shown
    assert "the-git-token" not in shown


def test_a_folder_can_be_moved(tmp_path, make_settings):
    make_settings().save()
    (tmp_path / "sandbox").rename(tmp_path / "moved")
    assert Settings.load(tmp_path / "moved").folder == tmp_path / "moved"


def test_no_sandbox_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(SandboxError, match=rf"no sandbox in {tmp_path}.*make up"):
        Settings.load(tmp_path)


def test_a_damaged_file_is_an_error_that_names_it(tmp_path):
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(SandboxError, match=r"settings\.json cannot be read"):
        Settings.load(tmp_path)


@pytest.mark.parametrize(("tier", "gateway"), [("node", "10.233.7.1"), ("virtual", "127.233.7.1")])
def test_a_tier_without_root_lives_on_loopback(make_settings, tier, gateway):
    assert make_settings(tier=tier).address(1) == gateway


def test_two_sandboxes_share_no_network(make_settings):
    one, other = make_settings(index=0), make_settings(index=1)
    assert not one.subnet.overlaps(other.subnet)
    assert not one.pod_network.overlaps(other.pod_network)
    assert one.bridge != other.bridge


def test_a_socket_fits_the_kernels_limit_in_a_deep_folder(tmp_path, make_settings, monkeypatch):
    monkeypatch.setattr("sandbox.settings.tempfile.tempdir", "/tmp")  # noqa: S108 - only named
    sockets = {
        make_settings(folder=tmp_path / ("d" * 60) / (leaf * 60)).socket("supervisor.sock") for leaf in "ef"
    }
    assert len(sockets) == 2
    assert all(len(str(socket)) <= LONGEST_SOCKET_PATH for socket in sockets)
