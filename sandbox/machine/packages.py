"""The Debian packages that the sandbox's programs come in: installed where that is possible, else named."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sandbox.errors import SandboxError

SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"  # a person's PATH often leaves these out
CNI_PLUGINS = Path("/usr/lib/cni")  # where Debian puts them
POSTGRESQL_ROOT = Path("/usr/lib/postgresql")  # where Debian puts each major version
POSTGRESQL_MAJOR = 15  # the oldest that the application is run on here
COMMON = {
    "git": "git",
    "docker-registry": "docker-registry",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "ss": "iproute2",
    "setpriv": "util-linux",
}
NODE = {
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "nsenter": "util-linux",
    "mount": "mount",
}
# Debian makes and starts a database cluster with the package unless told otherwise.
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/notejam-platform.conf")


def postgresql_bin() -> Path:
    """Folder of the newest PostgreSQL's `postgres`, `initdb`... of major version 15 or newer."""
    versions = {path.parent.parent: path.parent for path in POSTGRESQL_ROOT.glob("*/bin/postgres")}
    majors = {int(root.name): folder for root, folder in versions.items() if root.name.isdigit()}
    if on_path := shutil.which("postgres"):
        majors.setdefault(_major(on_path), Path(on_path).resolve().parent)
    if not majors or max(majors) < POSTGRESQL_MAJOR:
        raise SandboxError(
            f"There is no PostgreSQL {POSTGRESQL_MAJOR} or newer (looked in {POSTGRESQL_ROOT} and PATH): "
            "install it, on Debian by `apt-get install postgresql`."
        )
    return majors[max(majors)]


def missing(tier: str) -> list[str]:
    """The Debian packages that a sandbox of this tier lacks."""
    programs = COMMON | NODE if tier == "node" else COMMON
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), SYSTEM_PATH])
    packages = {package for program, package in programs.items() if not shutil.which(program, path=path)}
    if tier == "node" and not (CNI_PLUGINS / "bridge").exists():
        packages.add("containernetworking-plugins")
    try:
        postgresql_bin()
    except SandboxError:
        packages.add("postgresql")
    return sorted(packages)


def install(packages: list[str], log: Path) -> None:
    """Install Debian packages; SandboxError, with the command to run, where that cannot be done here."""
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SandboxError(
            f"These programs are missing: {', '.join(packages)}. On Debian or Ubuntu run "
            f"`sudo {' '.join(command)}`; elsewhere install what they stand for. Then run `make up` again."
        )
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output, _services_kept_down(packages):
        for words in (["apt-get", "update"], command):
            done = subprocess.run(
                [*words, "-o", "DPkg::Lock::Timeout=300"],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
            if done.returncode and words == command:
                raise SandboxError(
                    f"`{' '.join(command)}` ended with {done.returncode}: see {log}. "
                    "Mend what it names (the network, /etc/apt/sources.list), then run `make up` again."
                )


@contextlib.contextmanager
def _services_kept_down(packages: list[str]) -> Iterator[None]:
    """Keep what the packages bring from being started as services of the machine, now and at boot."""
    NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    NO_CLUSTER.write_text("create_main_cluster = false\n")
    systemd = Path("/run/systemd/system").is_dir()
    units = [f"{package}.service" for package in packages]
    if systemd:
        subprocess.run(["systemctl", "mask", "--runtime", *units], capture_output=True, check=False)
    try:
        yield
    finally:
        NO_CLUSTER.unlink(missing_ok=True)
        if systemd:
            subprocess.run(["systemctl", "unmask", "--runtime", *units], capture_output=True, check=False)
            subprocess.run(["systemctl", "disable", *units], capture_output=True, check=False)


def _major(postgres: str) -> int:
    done = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False)
    words = done.stdout.split()  # "postgres (PostgreSQL) 15.14 (Debian ...)"
    return int(words[2].partition(".")[0]) if len(words) > 2 and words[2][0].isdigit() else 0
