"""What running modules in Ansible's own worker saves: the same unchanged tasks by stock Ansible and by ours.

    .venv/bin/python benchmarks/action_layer.py [--calls 15] [--rounds 3]

Both run against the same emulated AWS. Times are of the processor, so that what else the machine does counts
for neither. Prints them and their ratio, for the run, and for a call beyond the start of ansible-playbook: a
play without calls measures that.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def tasks(calls: int) -> list[dict[str, object]]:
    """Calls of modules of both collections that change nothing from the second run on."""
    kinds: list[dict[str, object]] = [
        {"amazon.aws.ec2_vpc_net": {"name": "bench", "cidr_block": "10.0.0.0/16"}},
        {"notejam.platform.kms_key": {"alias": "bench", "tags": {"Name": "bench"}}},
        {"notejam.platform.ecr_repository": {"name": "bench"}},
        {"amazon.aws.ec2_vpc_subnet_info": {}},
        {"amazon.aws.iam_role_info": {}},
    ]
    return [kinds[number % len(kinds)] for number in range(calls)]


@contextmanager
def emulated_aws() -> Iterator[str]:
    """A server of moto in this process; its URL."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def seconds(playbook: Path, endpoint: str, stock: bool) -> float:
    """Processor time of ansible-playbook and its children; raises CalledProcessError when it fails."""
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_REGION": "eu-west-1",
    }
    if stock:
        environment |= {
            "ANSIBLE_ACTION_PLUGINS": "/nonexistent",
            "ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.timer",
        }
    started = processor_time()
    subprocess.run(  # noqa: S603
        [BIN / "ansible-playbook", "-i", "localhost,", "-c", "local", playbook],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
        cwd=playbook.parent,
    )
    return processor_time() - started


def processor_time() -> float:
    """Seconds that the children of this process have used so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=15, help="module calls of a run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind; the median counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, emulated_aws() as endpoint:
        playbooks = {}
        for name, list_of_tasks in {"start": [], "calls": tasks(options.calls)}.items():
            play = {"hosts": "all", "gather_facts": False, "tasks": list_of_tasks}
            playbooks[name] = Path(folder) / f"{name}.json"
            playbooks[name].write_text(json.dumps([play]))
        seconds(playbooks["calls"], endpoint, stock=False)  # makes what the runs then find unchanged
        times: dict[tuple[str, bool], list[float]] = {}
        for _round in range(options.rounds):
            for name, playbook in playbooks.items():
                for stock in (True, False):
                    times.setdefault((name, stock), []).append(seconds(playbook, endpoint, stock))
        median = {key: statistics.median(values) for key, values in times.items()}

    print(f"{options.calls} module calls that change nothing, median of {options.rounds} rounds")
    print(f"{'':8}{'start':>8}{'run':>8}{'a call':>8}  processor seconds")
    each = {}
    for label, stock in (("stock", True), ("ours", False)):
        start, run = median["start", stock], median["calls", stock]
        each[stock] = (run - start) / options.calls
        print(f"{label:8}{start:8.2f}{run:8.2f}{each[stock]:8.2f}")
    print(
        f"stock / ours: {median['calls', True] / median['calls', False]:.1f} for the run, "
        f"{each[True] / each[False]:.1f} for a call"
    )


if __name__ == "__main__":
    main()
