"""Keeps AWS as the cluster's Ingresses want it, and the Ingresses' status as AWS has it.

A finalizer holds an Ingress until what was made for it is gone, as the AWS Load Balancer Controller does.
"""

import csv
import functools
import io
import json
import logging
import re
import socket
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import kubernetes
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.account import ACCESS_ROLE
from sandbox.kubernetes import tls
from sandbox.kubernetes.application_load_balancers import ApplicationLoadBalancers
from sandbox.kubernetes.client import TIMEOUT, UNREACHABLE
from sandbox.kubernetes.haproxy import Cluster
from sandbox.kubernetes.ingress_stacks import (
    FINALIZER,
    GROUP_FINALIZER,
    Conflict,
    Key,
    Stack,
    TargetGroup,
    finalizer,
    stack,
    wanted,
)
from sandbox.settings import Settings, write_private

log = logging.getLogger(__name__)

AUTHENTICATOR = re.compile(r"/_sandbox/eks/(\d{12})/([^/]+)/([^/]+)/authenticate")
SESSION_SECONDS = 1800  # of an hour that a session in another account lasts
# A proxy of the machine knows nothing of the sandbox's addresses.
DIRECT = urllib.request.ProxyHandler({})


class Aws:
    """Clients of the emulated AWS in the account and region of the cluster.

    The controller in a cluster has an IAM role by Pod Identity; this one, outside of it, acts as the
    sandbox's administrator, or as who administers the cluster's account.
    """

    def __init__(self, settings: Settings) -> None:
        text = (settings.folder / "control-plane" / "authenticator.kubeconfig").read_text()
        match = AUTHENTICATOR.search(text)
        if match is None:
            raise Conflict("nothing tells which of EKS's clusters this is")
        self.account, self.region, self.cluster = match.groups()
        self._home = Settings.load(settings.home)
        self._session = botocore.session.Session()
        self._clients: dict[str, Any] = {}
        self._made = time.monotonic()

    def client(self, service: str) -> Any:
        if time.monotonic() - self._made > SESSION_SECONDS:
            self._clients.clear()
            self._made = time.monotonic()
        if service not in self._clients:
            self._clients[service] = self._create(service, *self._credentials())
        return self._clients[service]

    def _credentials(self) -> tuple[str, str, str | None]:
        own = (self._home.access_key_id, self._home.secret_access_key, None)
        if self.account == self._home.account_id:
            return own
        role = f"arn:aws:iam::{self.account}:role/{ACCESS_ROLE}"
        sts = self._create("sts", *own)
        given = sts.assume_role(RoleArn=role, RoleSessionName="load-balancer-controller")["Credentials"]
        return given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]

    def _create(self, service: str, key: str, secret: str, token: str | None) -> Any:
        return self._session.create_client(
            service,
            region_name=self.region,
            endpoint_url=self._home.aws_endpoint_url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(proxies={}),
        )

    def balancers(self) -> ApplicationLoadBalancers:
        described = self.client("eks").describe_cluster(name=self.cluster)["cluster"]
        return ApplicationLoadBalancers(self.client, self.cluster, described["resourcesVpcConfig"]["vpcId"])


class IngressReconciler:
    """`snapshot` gives the cluster's objects as they are now; `certified` is called for a new certificate."""

    def __init__(
        self,
        settings: Settings,
        networking: kubernetes.client.NetworkingV1Api,
        snapshot: Callable[[], Cluster],
        certified: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._networking = networking
        self._snapshot = snapshot
        self._certified = certified
        self._aws: Aws | None = None
        self._balancers: ApplicationLoadBalancers | None = None
        self._applied: dict[str, Stack] = {}
        self._names: dict[str, str] = {}
        self._certificate_names: dict[str, list[str]] = {}
        self._target_groups: dict[str, dict[str, TargetGroup]] = {}
        self._told: dict[str, dict[str, str]] = {}

    def step(self) -> bool:
        """Bring AWS and the Ingresses nearer to each other; returns whether nothing is left to do."""
        cluster = self._snapshot()
        groups, leaving = wanted(cluster), _leaving(cluster)
        if not groups and not leaving:
            return True
        done = True
        for group, members in groups.items():
            done &= self._try(group, functools.partial(self._keep, group, members, cluster))
        for group, keys in leaving.items():
            done &= self._try(group, functools.partial(self._leave, group, keys, cluster, groups))
        return done

    def _try(self, group: str, act: Callable[[], None]) -> bool:
        try:
            act()
        except (BotoCoreError, ClientError, Conflict, ValueError, *UNREACHABLE) as error:
            log.warning("The load balancer of %s is not as it is to be: %s", group, error)
            return False
        return True

    def _in_aws(self) -> ApplicationLoadBalancers:
        if self._aws is None or self._balancers is None:
            self._aws = Aws(self._settings)
            self._balancers = self._aws.balancers()
        return self._balancers

    def _keep(self, group: str, members: list[dict[str, Any]], cluster: Cluster) -> None:
        balancers = self._in_aws()
        for each in members:
            if finalizer(group) not in _finalizers(each):
                self._set_finalizers(each, [*_finalizers(each), finalizer(group)])
        assert self._aws is not None  # noqa: S101 - made with the load balancers
        asked = stack(self._aws.cluster, group, members, cluster)
        if self._applied.get(group) != asked:
            self._names[group], self._target_groups[group] = balancers.apply(asked)
            self._certificate_names[group] = balancers.certificate_names(asked)
            self._applied[group] = asked
            self._write_names()
            log.info("%s is served by %s", group, self._names[group])
        status = {"loadBalancer": {"ingress": [{"hostname": self._names[group]}]}}
        for each in members:
            if each.get("status") != status:
                metadata = each["metadata"]
                self._networking.patch_namespaced_ingress_status(
                    metadata["name"], metadata["namespace"], {"status": status}, _preload_content=False
                )

    def _leave(
        self, group: str, keys: list[Key], cluster: Cluster, groups: dict[str, list[dict[str, Any]]]
    ) -> None:
        """Let go of Ingresses that are in the group no more, after what was theirs."""
        if group not in groups:
            self._in_aws().remove(group)
            for kept in (self._applied, self._names, self._target_groups, self._certificate_names):
                kept.pop(group, None)
            self._write_names()
        elif self._applied.get(group) is None:
            return  # the group as it is without them comes first
        for key in keys:
            ingress = cluster.ingresses[key]
            left = [each for each in _finalizers(ingress) if each != finalizer(group)]
            self._set_finalizers(ingress, left)

    def _set_finalizers(self, ingress: dict[str, Any], finalizers: list[str]) -> None:
        metadata = ingress["metadata"]
        patch = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
            {"op": "add", "path": "/metadata/finalizers", "value": finalizers},
        ]
        self._networking.patch_namespaced_ingress(
            metadata["name"], metadata["namespace"], patch, _preload_content=False
        )

    def _write_names(self) -> None:
        names = dict.fromkeys(self._names.values(), self._settings.notejam_url)
        write_private(self._settings.load_balancer_names, json.dumps(names))
        certified = {name for names in self._certificate_names.values() for name in names}
        if tls.ensure(self._settings, sorted(certified)):
            self._certified()

    def tell_health(self) -> None:
        """Tell AWS how haproxy finds the targets, when that is new."""
        if not self._target_groups:
            return
        states = server_states(stats_socket(self._settings))
        told = {
            arn: {
                target: "healthy" if states[group.backend, server].startswith("UP") else "unhealthy"
                for target, server in group.servers.items()
                if (group.backend, server) in states
            }
            for groups in self._target_groups.values()
            for arn, group in groups.items()
        }
        if told == self._told:
            return
        request = urllib.request.Request(  # noqa: S310 - the sandbox's own gateway
            f"{self._settings.aws_endpoint_url}/_sandbox/elbv2/target-health", json.dumps(told).encode()
        )
        with urllib.request.build_opener(DIRECT).open(request, timeout=TIMEOUT):
            self._told = told


def stats_socket(settings: Settings) -> Path:
    """Where haproxy tells how it finds its servers."""
    return settings.socket(f"{settings.place or 'own'}-haproxy.sock")


def server_states(path: Path) -> dict[tuple[str, str], str]:
    """haproxy's word for the state of each server, by backend and server; OSError when it does not tell.

    https://docs.haproxy.org/2.6/management.html#9.1
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(str(path))
        connection.sendall(b"show stat -1 4 -1\n")
        with connection.makefile("rb") as file:
            text = file.read().decode()
    rows = csv.DictReader(io.StringIO(text.removeprefix("# ")))
    return {(row["pxname"], row["svname"]): row["status"] for row in rows}


def _finalizers(ingress: dict[str, Any]) -> list[str]:
    return list(ingress["metadata"].get("finalizers") or [])


def _leaving(cluster: Cluster) -> dict[str, list[Key]]:
    """Ingresses by the groups whose finalizer they carry without being in them."""
    members = {
        (group, (each["metadata"]["namespace"], each["metadata"]["name"]))
        for group, ingresses in wanted(cluster).items()
        for each in ingresses
    }
    found: dict[str, list[Key]] = {}
    for key, ingress in cluster.ingresses.items():
        for each in _finalizers(ingress):
            group = "/".join(key) if each == FINALIZER else each.removeprefix(GROUP_FINALIZER)
            is_ours = each == FINALIZER or each.startswith(GROUP_FINALIZER)
            if is_ours and (group, key) not in members:
                found.setdefault(group, []).append(key)
    return found
