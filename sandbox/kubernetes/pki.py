"""The cluster's certificates: authorities, servers, clients and the service account key.

What a cluster needs: https://kubernetes.io/docs/setup/best-practices/certificates/
"""

import contextlib
import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.settings import Settings, write_private

AUTHORITY_LIFE = datetime.timedelta(days=3650)
LIFE = datetime.timedelta(days=365)
RENEW_BEFORE = datetime.timedelta(days=30)
CLOCK_SKEW = datetime.timedelta(minutes=5)
API_SERVER_NAMES = (
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "localhost",
)
LOAD_BALANCER = "load-balancer"  # files of the certificate for visitors
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True)
class Leaf:
    """A certificate that an authority signs: who (`name`, `groups`), for what, under which addresses."""

    file: str
    name: str
    groups: tuple[str, ...] = ()
    usages: tuple[x509.ObjectIdentifier, ...] = (CLIENT,)
    alternatives: tuple[str, ...] = ()  # DNS names and IP addresses
    authority: str = "ca"

    @property
    def subject(self) -> x509.Name:
        # Kubernetes takes the common name as the user and each organisation as a group.
        groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in self.groups]
        return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, self.name)])

    @property
    def alternative_names(self) -> list[x509.GeneralName]:
        return [general_name(value) for value in self.alternatives]


class Pki:
    """Files below `pki/` of the sandbox: `<name>.crt`, `<name>.key` (PEM, keys with mode 0600)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.folder / "pki"

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def ensure_control_plane(self, service_network: IPv4Network) -> None:
        """Have all that the control plane needs; what is good already is kept, what nears its end renewed."""
        self.ensure_authority("ca", "kubernetes")
        self.ensure_authority("front-proxy-ca", "front-proxy")
        self._service_account_key()
        for leaf in control_plane_leaves(self.settings.address(1), str(service_network[1])):
            self.ensure(leaf)

    def remove_cluster(self) -> None:
        """Remove all that is one cluster's; other authorities here, such as the databases', stay."""
        names = {"ca", "front-proxy-ca", "service-account", LOAD_BALANCER}
        names |= {leaf.file for leaf in control_plane_leaves("127.0.0.1", "127.0.0.1")}
        names |= {
            path.stem for pattern in ("kubelet-*", "*.kubeconfig") for path in self.folder.glob(pattern)
        }
        for name in names:
            for path in (self.certificate(name), self.key(name), self.folder / f"{name}.kubeconfig"):
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others' are in it, or it never was
            self.folder.rmdir()

    def ensure_kubelet(self, node: str, address: IPv4Address) -> str:
        """Have the node's certificate, client and server in one; returns the name of its files."""
        name = f"kubelet-{node}"
        self.ensure(
            Leaf(name, f"system:node:{node}", ("system:nodes",), (SERVER, CLIENT), (node, str(address)))
        )
        return name

    def remove_kubelet(self, node: str) -> None:
        for path in (self.certificate(f"kubelet-{node}"), self.key(f"kubelet-{node}")):
            path.unlink(missing_ok=True)

    def ensure(self, leaf: Leaf) -> None:
        """Issue `leaf` unless the one on disk is as wanted, of this authority, and good for a month."""
        authority, authority_key = self._read(leaf.authority)
        if self._is_good(leaf, authority):
            return
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            certificate_builder(leaf.subject, authority.subject, key.public_key(), LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(leaf.usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )
        if leaf.alternatives:
            names = x509.SubjectAlternativeName(leaf.alternative_names)
            builder = builder.add_extension(names, critical=False)
        self._write(leaf.file, builder.sign(authority_key, hashes.SHA256()), key)

    def _is_good(self, leaf: Leaf, authority: x509.Certificate) -> bool:
        path = self.certificate(leaf.file)
        if not path.exists() or not self.key(leaf.file).exists():
            return False
        found = x509.load_pem_x509_certificate(path.read_bytes())
        try:
            found.verify_directly_issued_by(authority)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return (
            found.subject == leaf.subject
            and not expires_soon(found)
            and (set(alternatives_of(found)) == set(leaf.alternative_names))
        )

    def ensure_authority(self, name: str, common_name: str) -> None:
        """Have the self-signed authority of this name; leaves say by it who signs them."""
        path = self.certificate(name)
        if path.exists() and not expires_soon(x509.load_pem_x509_certificate(path.read_bytes())):
            return
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False,
            encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            certificate_builder(subject, subject, key.public_key(), AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        self._write(name, certificate, key)

    def _service_account_key(self) -> None:
        if self.key("service-account").exists():
            return
        # RSA, because IAM accepts only RS256 tokens of an OIDC provider.
        self._write_key("service-account", rsa.generate_private_key(65537, 2048))

    def _read(self, name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = serialization.load_pem_private_key(self.key(name).read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self.key(name)} is not a key of this sandbox: remove {self.folder}")
        return x509.load_pem_x509_certificate(self.certificate(name).read_bytes()), key

    def _write(self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        # The key first: a kill between the two leaves a pair that does not match, so the old pair goes.
        self.certificate(name).unlink(missing_ok=True)
        self._write_key(name, key)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        write_private(self.certificate(name), pem.decode())

    def _write_key(self, name: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(self.key(name), pem.decode())


def control_plane_leaves(address: str, service_address: str) -> list[Leaf]:
    """The control plane's certificates; its API server answers at `address`, in the cluster at the other."""
    alternatives = (*API_SERVER_NAMES, address, service_address, "127.0.0.1")
    masters = ("system:masters",)
    return [
        Leaf("apiserver", "kube-apiserver", usages=(SERVER,), alternatives=alternatives),
        Leaf("apiserver-kubelet-client", "kube-apiserver-kubelet-client", masters),
        Leaf("front-proxy-client", "front-proxy-client", authority="front-proxy-ca"),
        Leaf("etcd", "etcd", usages=(SERVER, CLIENT), alternatives=(address,)),
        Leaf("controller-manager", "system:kube-controller-manager"),
        Leaf("scheduler", "system:kube-scheduler"),
        Leaf("kube-proxy", "system:kube-proxy"),
        Leaf("pod-identity-webhook", "pod-identity-webhook", usages=(SERVER,), alternatives=(address,)),
        Leaf("admin", "notejam-sandbox-admin", masters),
    ]


def certificate_builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: datetime.timedelta
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
    )


def expires_soon(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC) < RENEW_BEFORE


def alternatives_of(certificate: x509.Certificate) -> Iterable[x509.GeneralName]:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()


def general_name(value: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(value))
    except ValueError:
        return x509.DNSName(value)
