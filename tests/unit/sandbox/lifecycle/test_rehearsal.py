"""Rehearsing an environment: what a person has to do beside site.yml, and when."""

import pytest

from sandbox import image, rehearsal

VARIABLES = {"AWS_ACCESS_KEY_ID": "ASIA", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}


@pytest.fixture
def release(make_settings):
    return rehearsal.Release(make_settings(), "prod", VARIABLES)


def test_the_release_is_pushed_once_the_registries_copy_what_is_pushed(release, monkeypatch):
    regions = []
    monkeypatch.setattr(image, "push", lambda ecr, *_: regions.append(ecr.meta.region_name))
    for role in ("", "network", "", "container_registry", "", "container_registry"):
        release.entered(role, "Do it")
    assert not release.begun
    for role in ("backups", "database"):
        release.entered(role, "Do it")
    release.wait()
    assert regions == ["eu-west-1"]
    assert not release.failure


def test_a_push_that_fails_is_told(release, monkeypatch):
    def push(*_):
        raise OSError("no space left")

    monkeypatch.setattr(image, "push", push)
    release.entered("container_registry", "Do it")
    release.entered("backups", "Do it")
    release.wait()
    assert "no space left" in release.failure
