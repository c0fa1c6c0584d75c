"""The load balancer's certificate: for the names of ACM's, by the cluster's own authority, which has its key.

ACM gives no private key away, so haproxy cannot serve the emulated certificate itself:
https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate.html
"""

from pathlib import Path

from cryptography import x509

from sandbox.kubernetes.pki import LOAD_BALANCER, SERVER, Leaf, Pki
from sandbox.settings import Settings, write_private


def pem(settings: Settings) -> Path:
    """The file that haproxy reads: the certificate, then its key."""
    return settings.folder / "load-balancer" / "tls.pem"


def names(settings: Settings) -> tuple[str, ...]:
    """The DNS names that the file is for; none without it."""
    path = pem(settings)
    if not path.exists():
        return ()
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return tuple(sorted(extension.value.get_values_for_type(x509.DNSName)))


def ensure(settings: Settings, wanted: list[str]) -> bool:
    """Have the file for the names, or none for none; returns whether that is new."""
    path, pki = pem(settings), Pki(settings)
    if not wanted:
        gone = path.exists()
        path.unlink(missing_ok=True)
        return gone
    first, *_ = ordered = sorted(wanted)
    pki.ensure(Leaf(LOAD_BALANCER, first, usages=(SERVER,), alternatives=tuple(ordered)))
    text = pki.certificate(LOAD_BALANCER).read_text() + pki.key(LOAD_BALANCER).read_text()
    if path.exists() and path.read_text() == text:
        return False
    write_private(path, text)
    return True
