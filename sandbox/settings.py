"""What one sandbox is: its name, folder, addresses and credentials, kept in `settings.json` of its folder."""

import dataclasses
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from sandbox.errors import SandboxError

CHECKOUT = Path(__file__).resolve().parent.parent
SETTINGS_FILE = "settings.json"
# A Unix socket's path holds 107 bytes (unix(7)); supervisord binds "<path>.<pid>" first, so leave room.
LONGEST_SOCKET_PATH = 96


def sandbox_folder() -> Path:
    """The folder of the sandbox in question: `NOTEJAM_SANDBOX`, or `.sandbox` in the checkout."""
    return Path(os.environ.get("NOTEJAM_SANDBOX") or CHECKOUT / ".sandbox").expanduser().absolute()


def cache_folder() -> Path:
    """Where built tools are kept over sandboxes and checkouts: `NOTEJAM_CACHE`, or below `XDG_CACHE_HOME`."""
    if explicit := os.environ.get("NOTEJAM_CACHE"):
        return Path(explicit).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "notejam-platform"


def runtime_folder() -> Path:
    """The user's short folder for index claims and for sockets whose path would be too long elsewhere.

    Raises SandboxError when somebody else owns it.
    """
    folder = Path(tempfile.gettempdir()) / f"notejam-sandbox-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise SandboxError(
            f"{folder} belongs to somebody else; remove it, or set TMPDIR to a folder of yours."
        )
    return folder


@dataclass(frozen=True)
class Settings:
    """A sandbox that `make up` has set up; immutable, written once, read by every process of the sandbox."""

    name: str
    folder: Path
    index: int  # 0..250, unique on the machine: subnet, bridge and pod network follow from it
    tier: str  # "node": a real node with containers; "virtual": KWOK's nodes, needs no root
    notejam_port: int  # port of NOTEJAM_URL on 127.0.0.1
    access_key_id: str
    secret_access_key: str = field(repr=False)
    git_token: str = field(repr=False)
    time_scale: float = 60.0  # AWS's creation times are divided by it
    account_id: str = "123456789012"
    region: str = "eu-west-1"
    emulator: str = "moto"
    kubernetes_version: str = "1.35.4"
    place: str = ""  # of a cluster beside the sandbox's own: "k<index>", which its programs' names begin with
    gateway: str = ""  # of such a cluster: the address of the sandbox's AWS, registry and Git

    @property
    def home(self) -> Path:
        """The folder of the whole sandbox; a further cluster's own is `clusters/<place>` in it."""
        return self.folder.parents[1] if self.place else self.folder

    def address(self, host: int) -> str:
        """The IPv4 address of host number 1..254 in the sandbox's subnet; 1 is the gateway of everything."""
        return str(self.subnet[host])

    @property
    def subnet(self) -> IPv4Network:
        # Every address of 127.0.0.0/8 is local without root; a real node needs a bridge of its own.
        first = "10" if self.tier == "node" else "127"
        return IPv4Network(f"{first}.233.{self.index}.0/24")

    @property
    def pod_network(self) -> IPv4Network:
        return IPv4Network(f"10.{100 + self.index % 100}.0.0/16")

    @property
    def bridge(self) -> str:
        return f"njs{self.index}"

    @property
    def tools(self) -> Path:
        """Folder of the programs built or found: each appears when it is ready."""
        return self.home / "tools"

    @property
    def flux_config(self) -> Path:
        """Folder `<controller>/` of each Flux controller's `config` tree: CRDs, RBAC, manager manifests."""
        return self.tools / "flux-config"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    @property
    def aws_endpoint_url(self) -> str:
        return f"http://{self.gateway or self.address(1)}:4566"

    @property
    def registry(self) -> str:
        return f"{self.gateway or self.address(1)}:5000"

    @property
    def git_url(self) -> str:
        return f"http://{self.gateway or self.address(1)}:3000"

    @property
    def notejam_url(self) -> str:
        return f"http://127.0.0.1:{self.notejam_port}"

    @property
    def load_balancer_names(self) -> Path:
        """Where it is noted which load balancer's DNS name stands for which URL of this machine."""
        return self.folder / "load-balancer" / "names.json"

    def socket(self, name: str) -> Path:
        """Path for the Unix socket `name`: `run/` of the sandbox, or a short path where that is too long."""
        path = self.home / "run" / name
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return runtime_folder() / digest / name

    @classmethod
    def load(cls, folder: Path | None = None) -> "Settings":
        """Read the sandbox in `folder`, by default `sandbox_folder()`; SandboxError when none is there."""
        path = (folder or sandbox_folder()) / SETTINGS_FILE
        try:
            values = json.loads(path.read_text())
            return cls(**{**values, "folder": path.parent.absolute()})
        except FileNotFoundError:
            raise SandboxError(
                f"There is no sandbox in {path.parent}: run `make up` (NOTEJAM_SANDBOX names another)."
            ) from None
        except (ValueError, TypeError) as error:
            raise SandboxError(f"{path} cannot be read ({error}): run `make down`, then `make up`.") from None

    def save(self) -> None:
        """Write `settings.json` whole or not at all, for the owner only: it holds credentials."""
        self.folder.mkdir(parents=True, exist_ok=True)
        values = dataclasses.asdict(self)
        del values["folder"]  # the folder is where the file lies
        write_private(self.folder / SETTINGS_FILE, json.dumps(values, indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 0600, whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(temporary, path)
