"""Whether the sandbox can listen where it has to, and who is in the way."""

import re
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.errors import SandboxError
from sandbox.settings import Settings
from sandbox.supervisor import is_ours


@dataclass(frozen=True)
class Listener:
    """A process that listens on a port; pid 0 when the kernel does not tell whose it is."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})" if self.pid else "a process of somebody else"


def needed(settings: Settings) -> Mapping[tuple[str, int], str]:
    """Each address and port that the sandbox's programs listen on, with what for."""
    gateway = settings.address(1)
    return {
        (gateway, 4566): "the emulated AWS",
        (gateway, 6443): "kube-apiserver",
        (gateway, 2379): "etcd",
        (gateway, 5000): "the container registry",
        (gateway, 3000): "the Git server",
        (gateway, 8080): "the load balancer",
        (gateway, 8443): "the load balancer, by TLS",
        ("127.0.0.1", settings.notejam_port): "Notejam",
    }


def check(settings: Settings) -> None:
    """SandboxError when a foreign process has a port of the sandbox; its own processes may have theirs."""
    for (address, port), purpose in needed(settings).items():
        if can_bind(address, port):
            continue
        listener = listener_on(address, port)
        if not is_ours(listener.pid, settings.folder):
            raise SandboxError(
                f"Port {port} on {address}, needed for {purpose}, is taken by {listener}: stop it, or run "
                "`make down` and `make up`, which looks for free ones."
            )


def can_bind(address: str, port: int) -> bool:
    """Whether a server could listen there now; an address that does not exist yet counts as free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((address, port))
        except OSError as error:
            return error.errno == 99  # EADDRNOTAVAIL
    return True


def free_port(preferred: int) -> int:
    """`preferred` on 127.0.0.1 where it is free, else one that the kernel gives."""
    if can_bind("127.0.0.1", preferred):
        return preferred
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def listener_on(address: str, port: int) -> Listener:
    """Who listens on the TCP port of the address, or of all addresses, as ss(8) tells it."""
    listing = subprocess.run(
        ["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=False
    ).stdout
    anywhere = ("0.0.0.0", "*", "[::]")  # noqa: S104 - compared with, not bound to
    places = {f"{host}:{port}" for host in (address, *anywhere)}
    for line in listing.splitlines():
        if line.split()[3] in places and (match := re.search(r'users:\(\("([^"]*)",pid=(\d+)', line)):
            return Listener(int(match[2]), match[1])
    return Listener(0, "")
