"""The whole platform, from nothing to a note in PostgreSQL, and back to nothing."""

from __future__ import annotations

import datetime
import http.client
import json
import re
import secrets
import socket
import ssl
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg
import pytest
import requests

from tests.commands import BIN, ROOT, run
from tests.conftest import FOLDER, exported, sandbox
from tests.end_to_end.traces import traces
from tests.end_to_end.upgrade import Upgrade
from tests.end_to_end.visitor import Visitor, Visits

OLD, NEW = "1.34", "1.35"
CLUSTER = "notejam-sandbox"
VARIABLES = Path(__file__).parent / "before_the_upgrade.yml"
NOTE = f"Packing list {secrets.token_hex(4)}"
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@pytest.fixture(scope="module")
def before() -> set[str]:
    """What was on the machine before the sandbox."""
    sandbox("down", layer="sandbox-down")
    return traces(FOLDER)


@pytest.fixture(scope="module")
def platform(before: set[str]) -> Iterator[dict[str, str]]:
    """The environment of an outside client of the platform that `up` has built, with a cluster to upgrade."""
    sandbox("up", layer="sandbox-up", variables=VARIABLES)
    yield exported(FOLDER / "env")
    sandbox("down", layer="sandbox-down")


def site(layer: str, env: dict[str, str], *options: str) -> None:
    """Run site.yml; fails when it changed anything."""
    done = run(layer, BIN / "ansible-playbook", "site.yml", "-i", "inventories/sandbox", *options, env=env)
    recap = RECAP.findall(done.stdout)
    assert recap, "site.yml ran on no site"
    changed = [f"{host} changed={changed}" for host, changed, *_ in recap if changed != "0"]
    assert not changed, f"a second run changed something: {changed}; log: {layer}.log"


def aws(platform: dict[str, str], service: str) -> Any:
    """A client of the administrator's."""
    return boto3.client(
        service,
        endpoint_url=platform["AWS_ENDPOINT_URL"],
        aws_access_key_id=platform["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=platform["AWS_SECRET_ACCESS_KEY"],
        region_name=platform["AWS_REGION"],
    )


def database(platform: dict[str, str]) -> dict[str, Any]:
    """Where the database is, and what the application signs in with."""
    name = f"notejam-sandbox-{platform['AWS_REGION']}/database"
    return dict(json.loads(aws(platform, "secretsmanager").get_secret_value(SecretId=name)["SecretString"]))


def connect(login: dict[str, Any], host: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=host,
        port=login["port"],
        dbname=login["dbname"],
        user=login["username"],
        password=login["password"],
        sslmode="require",
    )


def somebody(platform: dict[str, str]) -> Visitor:
    """A person who has signed up and in."""
    visitor = Visitor(platform["NOTEJAM_URL"])
    email, password = f"{secrets.token_hex(6)}@example.com", secrets.token_urlsafe(16)
    visitor.submit("/signup/", email=email, password=password, repeat_password=password)
    assert "All notes (0)" in visitor.submit("/signin/", username=email, password=password)
    return visitor


def test_a_person_writes_a_note(platform: dict[str, str]) -> None:
    visitor = somebody(platform)
    visitor.submit("/notes/create/", name=NOTE, text="Passport, charger")
    home = visitor.get("/")
    assert NOTE in home
    assert "All notes (1)" in home


def test_who_comes_by_the_sites_name_is_served_over_tls(platform: dict[str, str]) -> None:
    balancer = str(urlsplit(platform["AWS_ENDPOINT_URL"]).hostname)
    clear = http.client.HTTPConnection(balancer, 8080, timeout=10)
    clear.request("GET", "/signin/?next=/", headers={"Host": "notejam.test"})
    answer = clear.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, "https://notejam.test:443/signin/?next=/")
    clear.close()
    context = ssl.create_default_context(cafile=FOLDER / "pki" / "ca.crt")
    with (
        socket.create_connection((balancer, 8443), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname="notejam.test") as secure,
    ):
        secure.sendall(b"GET /signin/ HTTP/1.1\r\nHost: notejam.test\r\nConnection: close\r\n\r\n")
        assert secure.recv(15) == b"HTTP/1.1 200 OK"


def test_the_note_is_a_row_in_postgresql(platform: dict[str, str]) -> None:
    login = database(platform)
    for host in (login["host"], login["reader_host"]):
        with connect(login, host) as connection:
            tables = connection.execute(
                "SELECT table_name FROM information_schema.columns"
                " WHERE column_name = 'text' AND table_schema = 'public'"
            ).fetchall()
            names = [
                name
                for (table,) in tables
                for (name,) in connection.execute(
                    psycopg.sql.SQL("SELECT name FROM {}").format(psycopg.sql.Identifier(table))
                )
            ]
        assert NOTE in names, f"no row of the note at {host}"


def test_site_yml_leaves_an_upgrade_to_its_playbook(platform: dict[str, str]) -> None:
    options = ("--check", "--tags", "cluster")
    with pytest.raises(AssertionError, match=r"playbooks/upgrade_cluster\.yml"):
        site("site-other-version", platform, *options)


def test_an_upgrade_killed_twice_interrupts_nobody(platform: dict[str, str]) -> None:
    eks, visitor = aws(platform, "eks"), somebody(platform)
    before = nodes(platform)

    def visit() -> str:
        return "signed in" if "All notes (" in visitor.get("/") else "signed out"

    def control_plane() -> tuple[str, str]:
        cluster = eks.describe_cluster(name=CLUSTER)["cluster"]
        return cluster["version"], cluster["status"]

    def group() -> tuple[str, str]:
        found = eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName="system")["nodegroup"]
        return found["version"], found["status"]

    with Visits(visit) as visits:
        plan = Upgrade("upgrade-plan", platform, "--check", "--diff").end(300)
        Upgrade("upgrade-1", platform).kill_when(lambda: control_plane()[1] == "UPDATING", 300)
        assert control_plane() == (OLD, "UPDATING")
        Upgrade("upgrade-2", platform).kill_when(
            lambda: group()[1] == "UPDATING" and nodes(platform) > before, 300
        )
        assert (control_plane(), group()) == ((NEW, "ACTIVE"), (OLD, "UPDATING"))
        Upgrade("upgrade-3", platform).end(600)
    assert set(visits.outcomes) == {"signed in"}, visits.outcomes
    assert f"control plane: Kubernetes {OLD} -> {NEW}" in plan
    assert (control_plane(), group()) == ((NEW, "ACTIVE"), (NEW, "ACTIVE"))
    # Each was asked for once, whoever followed it.
    assert len(eks.list_updates(name=CLUSTER)["updateIds"]) == 1
    assert len(eks.list_updates(name=CLUSTER, nodegroupName="system")["updateIds"]) == 1
    after = nodes(platform)
    assert len(after) == len(before)
    assert not after & before


def nodes(platform: dict[str, str]) -> set[str]:
    """Those of the cluster, as `node/NAME`."""
    return set(kubectl(platform, "get", "nodes", "--output", "name").split())


def test_a_second_run_changes_nothing(platform: dict[str, str]) -> None:
    site("site-second-run", platform)


def test_a_plan_of_what_stands_is_empty(platform: dict[str, str]) -> None:
    site("site-check", platform, "--check", "--diff")


def scale_for(platform: dict[str, str], layer: str, *events: dict[str, Any]) -> int:
    """Run the playbook with these events, twice: how much it changed. The second run changes nothing."""
    playbook, inventory = "playbooks/scale_for_event.yml", "inventories/sandbox"
    given = json.dumps({"platform_events": list(events)})
    command: list[str | Path] = [BIN / "ansible-playbook", playbook, "-i", inventory, "--extra-vars", given]
    first, second = (
        RECAP.findall(run(f"scale-{layer}-{number}", *command, env=platform).stdout) for number in (1, 2)
    )
    assert [changed for _host, changed, *_ in second] == ["0"]
    [(_host, changed, *_)] = first
    return int(changed)


def capacity(platform: dict[str, str]) -> tuple[int, int]:
    """The fewest nodes of the system group, and how many pods serve."""
    eks, name = aws(platform, "eks"), "notejam-sandbox"
    group = eks.describe_nodegroup(clusterName=name, nodegroupName="system")["nodegroup"]
    serving = kubectl(
        platform, "get", "deployment", "notejam", "--output", "jsonpath={.status.readyReplicas}"
    )
    return group["scalingConfig"]["minSize"], int(serving)


def scheduled(platform: dict[str, str]) -> list[int]:
    """The sizes that Auto Scaling will give the nodes by itself, in order."""
    actions = aws(platform, "autoscaling").describe_scheduled_actions()["ScheduledUpdateGroupActions"]
    return [each["MinSize"] for each in sorted(actions, key=lambda each: each["StartTime"])]


def test_an_event_raises_capacity_and_its_end_lowers_it(platform: dict[str, str]) -> None:
    def event(starts: int, ends: int) -> dict[str, Any]:
        """An event so many hours from now."""
        present = datetime.datetime.now(datetime.UTC)
        moments = {"starts": starts, "ends": ends}
        return {
            "name": "sale",
            **{key: (present + datetime.timedelta(hours=each)).isoformat() for key, each in moments.items()},
            "lead_minutes": 30,
            "node_groups": {"system": 2},
            "replicas": 3,
        }

    own = capacity(platform)
    assert scale_for(platform, "before", event(2, 4)) > 0  # what Auto Scaling is to do by itself
    assert capacity(platform) == own == (1, 2)
    assert scheduled(platform) == [2, 1]
    on = event(-1, 4)
    scale_for(platform, "in", on)
    assert capacity(platform) == (2, 3)
    assert scheduled(platform) == [1]
    announced = ("--extra-vars", json.dumps({"platform_events": [on]}))
    site("site-in-event", platform, "--tags", "cluster,notejam", *announced)
    scale_for(platform, "after", event(-3, -1))
    assert capacity(platform) == own
    assert scheduled(platform) == []


def test_a_rotation_interrupts_nobody_and_signs_nobody_out(platform: dict[str, str]) -> None:
    manager, visitor, before = aws(platform, "secretsmanager"), somebody(platform), database(platform)

    def visit() -> str:
        return "signed in" if "All notes (" in visitor.get("/") else "signed out"

    replaced = pods(platform)
    with Visits(visit) as visits:
        for purpose in ("database", "django"):
            rotate(manager, f"notejam-sandbox-{platform['AWS_REGION']}/{purpose}")
        roll_out = ("site.yml", "-i", "inventories/sandbox", "--tags", "notejam")
        run("site-rotated", BIN / "ansible-playbook", *roll_out, env=platform)
        # They still answer what they have begun, as their old user.
        kubectl(platform, "wait", "--for=delete", *replaced, "--timeout=120s")
    assert set(visits.outcomes) == {"signed in"}, visits.outcomes
    login = database(platform)
    assert {before["username"], login["username"]} == {"notejam_app_a", "notejam_app_b"}
    with connect(login, login["host"]) as connection:
        users = connection.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert users == [(login["username"],)]


def rotate(manager: Any, secret: str) -> None:
    """Rotate it now, and wait until its new value is current."""
    version = str(uuid.uuid4())
    manager.rotate_secret(SecretId=secret, ClientRequestToken=version)
    deadline = time.monotonic() + 60
    while "AWSCURRENT" not in manager.describe_secret(SecretId=secret)["VersionIdsToStages"].get(version, []):
        assert time.monotonic() < deadline, f"{secret} was not rotated"
        time.sleep(0.5)


def test_a_deleted_pod_interrupts_nobody(platform: dict[str, str]) -> None:
    def visit() -> str:
        return str(requests.get(platform["NOTEJAM_URL"] + "/signin/", timeout=10).status_code)

    deleted, *others = pods(platform)
    assert len(others) == 1
    with Visits(visit) as visits:
        kubectl(platform, "delete", deleted, "--wait=true")
        kubectl(platform, "rollout", "status", "deployment/notejam", "--timeout=120s")
    assert set(visits.outcomes) == {"200"}, visits.outcomes
    assert deleted not in pods(platform)


def pods(platform: dict[str, str]) -> list[str]:
    """Those that serve Notejam, as `pod/NAME`."""
    web = ("--selector", "app.kubernetes.io/component=web", "--output", "name")
    return kubectl(platform, "get", "pods", *web).split()


def kubectl(platform: dict[str, str], *words: str) -> str:
    """What kubectl prints in Notejam's namespace."""
    return run("kubectl", "kubectl", "--namespace", "notejam", *words, env=platform).stdout


def test_status_tells_what_is_healthy_and_up_heals(platform: dict[str, str]) -> None:
    """The gateway dies; nothing that it knew is lost, and `status` is healthy after `up`."""
    ec2 = aws(platform, "ec2")
    networks = {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]}
    gateway = run("pgrep", "pgrep", "--full", "--", "sandbox.aws").stdout.split()
    mine = [pid for pid in gateway if f"NOTEJAM_SANDBOX={FOLDER}" in _environ(pid)]
    assert mine, "no gateway runs for this sandbox"
    for pid in mine:
        run("kill", "kill", "-KILL", pid)
    sandbox("up", layer="sandbox-heal")
    sandbox("status", layer="sandbox-status")
    assert {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]} == networks


def _environ(pid: str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def test_down_leaves_nothing(platform: dict[str, str], before: set[str]) -> None:
    assert traces(FOLDER) - before, "the sandbox stands, yet no trace of it was seen"
    sandbox("down", layer="sandbox-down")
    left = {
        trace
        for trace in traces(FOLDER) - before
        if str(ROOT) in trace or "njs" in trace or "notejam" in trace
    }
    assert not left
