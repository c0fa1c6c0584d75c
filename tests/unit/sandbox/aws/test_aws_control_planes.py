"""A cluster beside the sandbox's own: settings of its own, on the sandbox's supervisor, AWS and tools."""

import pytest

from sandbox import claims
from sandbox.aws.eks.control_planes import ControlPlanes
from sandbox.kubernetes.control_plane import ControlPlane
from sandbox.processes import Processes
from sandbox.settings import Settings


@pytest.fixture(autouse=True)
def own_claims(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = settings.folder / "runtime"
    runtime.mkdir()
    monkeypatch.setattr(claims, "runtime_folder", lambda: runtime)


def test_nothing_of_two_clusters_meets(settings: Settings) -> None:
    planes = ControlPlanes(settings)
    one = planes.settings_of("k1", "123456789012", "eu-central-1")
    two = planes.settings_of("k2", "222222222222", "eu-west-1")
    all_three = (settings, one, two)
    assert len({each.subnet for each in all_three}) == 3
    assert len({each.folder for each in all_three}) == 3
    assert len({ControlPlane(each, Processes(each)).oidc_issuer for each in all_three}) == 3
    assert {each.aws_endpoint_url for each in all_three} == {settings.aws_endpoint_url}
    assert {each.tools for each in all_three} == {settings.tools}
    logs = {Processes(each).log("etcd").name for each in all_three}
    assert logs == {"etcd.log", "k1-etcd.log", "k2-etcd.log"}
    assert {Processes(each).socket for each in all_three} == {Processes(settings).socket}
    assert (two.account_id, two.region, two.tier) == ("222222222222", "eu-west-1", "virtual")


def test_a_cluster_is_found_again_and_forgotten(settings: Settings) -> None:
    made = ControlPlanes(settings).settings_of("k1", "123456789012", "eu-central-1")
    planes = ControlPlanes(settings)
    assert planes.settings_of("k1", "123456789012", "eu-central-1") == made
    assert [claim.folder for claim in claims.claims()] == [made.folder]
    planes.remove("k1")
    assert not made.folder.exists()
    assert claims.claims() == []
