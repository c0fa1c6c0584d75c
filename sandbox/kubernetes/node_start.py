"""A node's first process: `python -m sandbox.kubernetes.node_start outside <name>`.

On the host it makes the node's network and control group anew and steps into fresh namespaces, where it
(`inside`) mounts what is the node's own and becomes the node's supervisord. All the node has (pods, mounts,
rules) is in these namespaces: when this one process is killed nothing stays; a start is like a machine's.
"""

import os
import subprocess
import sys
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.kubernetes import cgroups, node_network
from sandbox.kubernetes.node import Node, nodes
from sandbox.settings import Settings

SUPERVISORD = """\
[supervisord]
nodaemon = true
user = root
logfile = {logs}/supervisord.log
logfile_maxbytes = 1MB
logfile_backups = 1
pidfile = /run/supervisord.pid
childlogdir = {logs}

[unix_http_server]
file = {socket}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files = conf.d/*.conf
"""

# kubelet wants these of the kernel (it fails if it can't write them), but the kernel is not the node's alone:
# it writes to files in front of them. Source: https://github.com/kubernetes/kubernetes, pkg/kubelet/cm,
# setupKernelTunables.
KERNEL_SETTINGS = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1000000,
    "kernel/keys/root_maxbytes": 25000000,
}


def outside(node: Node) -> None:
    """Make the node's network and control group, and go on `inside` its namespaces; does not return."""
    cgroups.remove(node.cgroup)
    cgroups.create(node.cgroup)
    node_network.create(node)
    command = [
        "nsenter", f"--net={node_network.path(node)}",
        "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
        sys.executable, "-m", "sandbox.kubernetes.node_start", "inside", node.name,
    ]  # fmt: skip
    os.execvp(command[0], command)


def inside(node: Node) -> None:
    """Mount what is the node's own, and become its supervisord; does not return."""
    mount("--make-rshared", "/")  # only in this namespace; kubelet's volumes propagate into containers
    resolver = Path("/etc/resolv.conf").resolve()  # often a link to below /run
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    resolver.parent.mkdir(parents=True, exist_ok=True)
    resolver.touch()
    mount("--bind", str(node.folder / "resolv.conf"), str(resolver))
    overlay(node.folder / "var-lib", "/var/lib")
    for folder, target in ((node.folder / "log", "/var/log"), (node.folder / "kubelet", "/var/lib/kubelet")):
        for each in (folder, Path(target)):
            each.mkdir(exist_ok=True)
        mount("--bind", str(folder), target)
    for name, value in KERNEL_SETTINGS.items():
        stand_in = Path("/run/kernel") / name
        stand_in.parent.mkdir(parents=True, exist_ok=True)
        stand_in.write_text(f"{value}\n")
        mount("--bind", str(stand_in), f"/proc/sys/{name}")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    processes = node.processes
    for folder in (processes.logs, processes.socket.parent, processes.folder / "conf.d"):
        folder.mkdir(parents=True, exist_ok=True)
    processes.socket.unlink(missing_ok=True)
    configuration = processes.folder / "supervisord.conf"
    configuration.write_text(SUPERVISORD.format(logs=processes.logs, socket=processes.socket))
    command = [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(configuration)]
    os.execv(command[0], command)


def overlay(folder: Path, target: str) -> None:
    """Have what the node writes to `target` stay in `folder`: the machine need not offer mount points."""
    upper, work = folder / "upper", folder / "work"
    for each in (upper, work):
        each.mkdir(parents=True, exist_ok=True)
    mount("-t", "overlay", "-o", f"lowerdir={target},upperdir={upper},workdir={work}", "overlay", target)


def mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxError(f"`mount {' '.join(words)}` failed: {done.stderr.strip()}.")


def main() -> None:
    stage, name = sys.argv[1:]
    node = next(node for node in nodes(Settings.load()) if node.name == name)
    {"outside": outside, "inside": inside}[stage](node)


if __name__ == "__main__":
    main()
