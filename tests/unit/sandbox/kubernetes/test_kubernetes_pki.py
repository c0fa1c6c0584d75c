"""The certificates: right names and rights, kept while good, replaced when not."""

import datetime
from ipaddress import IPv4Address, IPv4Network

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from sandbox.kubernetes import pki as pki_module
from sandbox.kubernetes.pki import Pki
from sandbox.settings import Settings

SERVICES = IPv4Network("172.20.0.0/16")


@pytest.fixture
def pki(settings: Settings) -> Pki:
    found = Pki(settings)
    found.ensure_control_plane(SERVICES)
    return found


def read(pki: Pki, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pki.certificate(name).read_bytes())


def test_api_server_answers_to_its_address_and_its_service(pki: Pki) -> None:
    names = read(pki, "apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(address) for address in names.get_values_for_type(x509.IPAddress)} == {
        "10.233.5.1", "172.20.0.1", "127.0.0.1",
    }  # fmt: skip
    assert "kubernetes.default.svc" in names.get_values_for_type(x509.DNSName)


def test_keys_are_for_the_owner_only(pki: Pki) -> None:
    keys = list(pki.folder.glob("*.key"))
    assert len(keys) > 8
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_kubelet_is_a_node_by_name_and_group(pki: Pki) -> None:
    name = pki.ensure_kubelet("ip-10-0-1-5.eu-west-1.compute.internal", IPv4Address("10.233.5.10"))
    subject = read(pki, name).subject
    assert [a.value for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [
        "system:node:ip-10-0-1-5.eu-west-1.compute.internal"
    ]
    assert [a.value for a in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:nodes"]
    read(pki, name).verify_directly_issued_by(read(pki, "ca"))


def test_a_second_call_keeps_every_certificate(pki: Pki) -> None:
    before = {path: path.read_bytes() for path in pki.folder.iterdir()}
    pki.ensure_control_plane(SERVICES)
    assert {path: path.read_bytes() for path in pki.folder.iterdir()} == before


def test_a_certificate_near_its_end_is_renewed(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read(pki, "admin")
    monkeypatch.setattr(pki_module, "RENEW_BEFORE", datetime.timedelta(days=366))
    pki.ensure_control_plane(SERVICES)
    assert read(pki, "admin").serial_number != before.serial_number
    read(pki, "admin").verify_directly_issued_by(read(pki, "ca"))


def test_a_lost_key_or_other_service_network_brings_a_new_certificate(pki: Pki) -> None:
    admin, server = read(pki, "admin"), read(pki, "apiserver")
    pki.key("admin").unlink()
    pki.ensure_control_plane(IPv4Network("10.100.0.0/16"))
    assert read(pki, "admin").serial_number != admin.serial_number
    assert read(pki, "apiserver").serial_number != server.serial_number


def test_a_new_authority_signs_everything_anew(pki: Pki) -> None:
    pki.certificate("ca").unlink()
    pki.ensure_control_plane(SERVICES)
    for name in ("apiserver", "admin", "scheduler", "etcd"):
        read(pki, name).verify_directly_issued_by(read(pki, "ca"))


def test_a_removed_node_leaves_no_key(pki: Pki) -> None:
    name = pki.ensure_kubelet("n", IPv4Address("10.233.5.10"))
    pki.remove_kubelet("n")
    assert not pki.key(name).exists()


def test_a_deleted_cluster_takes_its_own_and_leaves_the_databases(pki: Pki) -> None:
    pki.ensure_kubelet("n", IPv4Address("10.233.5.10"))
    (pki.folder / "admin.kubeconfig").touch()
    pki.ensure_authority("rds-ca", "rds")
    pki.remove_cluster()
    assert {path.name for path in pki.folder.iterdir()} == {"rds-ca.crt", "rds-ca.key"}
    pki.certificate("rds-ca").unlink()
    pki.key("rds-ca").unlink()
    pki.remove_cluster()
    assert not pki.folder.exists()
