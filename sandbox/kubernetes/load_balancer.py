"""A stand-in for the AWS Load Balancer Controller: `python -m sandbox.kubernetes.load_balancer`.

Follows the Ingresses of class `alb` and the endpoints behind them, makes the load balancers in the emulated
AWS, and has haproxy (a program of its own) serve them at addresses of this machine:
https://docs.aws.amazon.com/eks/latest/userguide/aws-load-balancer-controller.html
"""

import functools
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import kubernetes

from sandbox.kubernetes import tls
from sandbox.kubernetes.client import api_client
from sandbox.kubernetes.follow import RETRY, Key, Objects, follow
from sandbox.kubernetes.haproxy import Cluster, Front, render
from sandbox.kubernetes.ingress_reconciler import IngressReconciler, stats_socket
from sandbox.processes import Processes, Program
from sandbox.settings import CHECKOUT, Settings

log = logging.getLogger(__name__)

PROXY, CONTROLLER = "load-balancer", "load-balancer-controller"
HTTP, HTTPS = 8080, 8443  # of the load balancer's listeners, at the sandbox's own address
SETTLE = 0.1  # seconds in which changes that come together are taken together
AWS_RETRY = 5  # seconds before AWS is asked again for what it refused


def programs(settings: Settings) -> list[Program]:
    """haproxy, and the controller that configures it; haproxy starts with rules for nothing."""
    path = configuration_file(settings)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(Cluster(), front(settings)))
    controller = [sys.executable, "-m", "sandbox.kubernetes.load_balancer"]
    return [
        # -W: the process that is signalled stays, its workers are replaced; -db: in the foreground.
        Program(PROXY, ["haproxy", "-W", "-db", "-f", str(path)], priority=300),
        Program(CONTROLLER, controller, directory=CHECKOUT, priority=310),
    ]


def configuration_file(settings: Settings) -> Path:
    return settings.folder / "load-balancer" / "haproxy.cfg"


def front(settings: Settings) -> Front:
    return Front(
        forwarded=(f"127.0.0.1:{settings.notejam_port}",),
        http=f"{settings.address(1)}:{HTTP}",
        https=f"{settings.address(1)}:{HTTPS}",
        certificate=str(tls.pem(settings)),
        names=tls.names(settings),
        socket=str(stats_socket(settings)),
    )


def served_at_file(settings: Settings) -> Path:
    """Where the virtual nodes write at which address of this machine a pod's address is really served."""
    return settings.folder / "load-balancer" / "served-at.json"


class Controller:
    """Keeps haproxy's configuration and the Ingresses' status as the cluster's objects want them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.processes = Processes(settings)
        self.api = api_client(settings)
        self.networking = kubernetes.client.NetworkingV1Api(self.api)
        core, discovery = kubernetes.client.CoreV1Api(self.api), kubernetes.client.DiscoveryV1Api(self.api)
        self.cluster = Cluster()
        self.changing = threading.Lock()
        self.changed = threading.Event()
        self.served_at_changed = 0.0
        self.to_aws = threading.Event()
        self.reconciler = IngressReconciler(settings, self.networking, self._snapshot, self.changed.set)
        self.watches: list[tuple[Callable[..., Any], Objects]] = [
            (self.networking.list_ingress_for_all_namespaces, self.cluster.ingresses),
            (core.list_service_for_all_namespaces, self.cluster.services),
            (discovery.list_endpoint_slice_for_all_namespaces, self.cluster.endpoint_slices),
        ]

    def run(self) -> None:
        for list_all, objects in self.watches:
            take = functools.partial(self._take, objects)
            threading.Thread(target=follow, args=(list_all, take), daemon=True).start()
        threading.Thread(target=self._keep_in_aws, daemon=True).start()
        while True:
            self.changed.wait(RETRY)
            if self._read_served_at() or self.changed.is_set():
                time.sleep(SETTLE)
                self.changed.clear()
                self._configure()
                self.to_aws.set()

    def _keep_in_aws(self) -> None:
        """Whatever AWS says or takes its time for, haproxy is not held up by it."""
        while True:
            if self.to_aws.wait(RETRY):
                self.to_aws.clear()
                if not self.reconciler.step():
                    time.sleep(AWS_RETRY)
                    self.to_aws.set()
            try:
                self.reconciler.tell_health()
            except OSError as error:
                log.info("The targets' health was not told: %s", error)

    def _snapshot(self) -> Cluster:
        with self.changing:
            cluster = self.cluster
            return Cluster(
                dict(cluster.ingresses),
                dict(cluster.services),
                dict(cluster.endpoint_slices),
                dict(cluster.served_at),
            )

    def _take(self, objects: Objects, changes: Mapping[Key, dict[str, Any] | None], whole: bool) -> None:
        """Take up changed objects, None for one that is gone; `whole` when they are all that there are."""
        with self.changing:
            if whole:
                objects.clear()
            for name, item in changes.items():
                if item is None:
                    objects.pop(name, None)
                else:
                    objects[name] = item
        self.changed.set()

    def _read_served_at(self) -> bool:
        """Take up what the virtual nodes wrote; returns whether it is new."""
        path = served_at_file(self.settings)
        if not path.exists() or path.stat().st_mtime == self.served_at_changed:
            return False
        self.served_at_changed = path.stat().st_mtime
        self.cluster.served_at = json.loads(path.read_text())
        return True

    def _configure(self) -> None:
        """Write haproxy's configuration, and have haproxy take it up; a wrong one is logged and not used."""
        path = configuration_file(self.settings)
        try:
            with self.changing:
                text = render(self.cluster, front(self.settings))
        except ValueError as error:
            log.warning("Kept the rules as they were: %s", error)
            return
        if text == path.read_text():
            return
        new = path.with_suffix(".new")
        new.write_text(text)
        checked = subprocess.run(
            ["haproxy", "-c", "-f", str(new)], capture_output=True, text=True, check=False
        )
        if checked.returncode:
            log.warning("Kept the rules as they were, because haproxy refuses the new: %s", checked.stderr)
            return
        os.replace(new, path)
        self.processes.signal(PROXY, "USR2")
        log.info("haproxy took up new rules or endpoints")


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    Controller(Settings.load()).run()


if __name__ == "__main__":
    main()
