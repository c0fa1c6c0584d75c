"""Prod destroyed by playbooks/destroy.yml: what is there by hand is found, and nothing is left in a region.

The tests are steps: each goes on from where the one before it left the account.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.settings import Settings
from tests.commands import BIN, LOGS, ROOT
from tests.conftest import FOLDER
from tests.environments.aws_lists import LISTS
from tests.environments.conftest import ENVIRONMENT, NAME, Site

VARIABLES = "sandbox/rehearsal.yml"
PATIENCE = 120  # seconds for a backup
UNPROTECTED = ("-e", "cluster_deletion_protection=false", "-e", "database_deletion_protection=false")
NAMED = ("-e", f"destroy_environment={ENVIRONMENT}")
# Of the keys, those that encrypt what stays: dumps, records of the trail, recovery points and snapshots.
NEEDED_KEYS = {f"alias/{NAME}-{purpose}" for purpose in ("storage", "logs", "backups", "database")}


@pytest.fixture(scope="module")
def variables(account: dict[str, str]) -> dict[str, str]:
    """The environment of whoever destroys prod, which is that of whoever built it."""
    settings = Settings.load(FOLDER)
    return {
        **account,
        "OPERATIONS_REPOSITORY_URL": f"{settings.git_url}/operations-k8s-{ENVIRONMENT}.git",
        "KUBECONFIGS": str(FOLDER / "kubeconfigs"),
        "PYTHONUNBUFFERED": "1",
    }


def started(log: Path, playbook: str, *options: str, variables: dict[str, str]) -> subprocess.Popen[str]:
    command = [
        str(BIN / "ansible-playbook"),
        playbook,
        "-i",
        f"inventories/{ENVIRONMENT}",
        "-e",
        f"@{VARIABLES}",
    ]
    LOGS.mkdir(exist_ok=True)
    with log.open("w") as file:
        return subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def run(name: str, playbook: str, *options: str, variables: dict[str, str]) -> tuple[int, str]:
    """The exit code, and what was printed."""
    log = LOGS / f"{name}.log"
    with started(log, playbook, *options, variables=variables) as process:
        code = process.wait(timeout=1800)
    return code, log.read_text()


def destroy(name: str, *options: str, variables: dict[str, str]) -> tuple[int, str]:
    return run(name, "playbooks/destroy.yml", *UNPROTECTED, *options, variables=variables)


def told(printed: str, heading: str) -> dict[str, str]:
    """Of the list below this heading, what is said of each ARN."""
    lines = printed.split(heading, 1)[1].splitlines()[1:]
    found = {}
    for line in lines:
        if line.strip() and not line.strip().startswith("- arn:"):
            break
        if arn := line.strip().removeprefix("- ").split(" ")[0]:
            found[arn] = line
    return found


@pytest.fixture(scope="module")
def both(primary: Site, standby: Site) -> list[Site]:
    return [primary, standby]


@pytest.fixture(scope="module", autouse=True)
def _backed_up(both: list[Site]) -> None:
    """Each site has a dump and a recovery point of its database."""
    for site in both:
        dumps = f"{NAME}-backups-{site.account}-{site.region}"
        dump = {"Bucket": dumps, "Key": "rehearsals/destroy", "Body": b"Packing list"}
        site.aws("s3").put_object(**dump, ChecksumAlgorithm="SHA256")
        backup = site.aws("backup")
        [plan] = backup.list_backup_plans()["BackupPlansList"]
        [selection] = backup.list_backup_selections(BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"]
        [cluster] = site.aws("rds").describe_db_clusters()["DBClusters"]
        job = backup.start_backup_job(
            BackupVaultName=NAME,
            ResourceArn=cluster["DBClusterArn"],
            IamRoleArn=selection["IamRoleArn"],
            Lifecycle={"DeleteAfterDays": 35},
        )["BackupJobId"]
        deadline = time.monotonic() + PATIENCE
        while backup.describe_backup_job(BackupJobId=job)["State"] != "COMPLETED":
            assert time.monotonic() < deadline, backup.describe_backup_job(BackupJobId=job)
            time.sleep(1)


@pytest.fixture(scope="module")
def planted(standby: Site) -> dict[str, str]:
    """A security group and an interface without tags that somebody made in the standby's VPC; their ids."""
    ec2 = standby.aws("ec2")
    [vpc] = LISTS["networks"](standby)
    group = ec2.create_security_group(GroupName="by-hand", Description="by hand", VpcId=vpc)["GroupId"]
    subnet = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"][0]["SubnetId"]
    made = ec2.create_network_interface(SubnetId=subnet, Groups=[group], Description="by hand")
    return {"group": group, "interface": made["NetworkInterface"]["NetworkInterfaceId"], "vpc": vpc}


def arn(site: Site, kind: str, identifier: str) -> str:
    return f"arn:aws:ec2:{site.region}:{site.account}:{kind}/{identifier}"


def test_a_plan_lists_what_would_go_and_changes_nothing(
    variables: dict[str, str], both: list[Site], planted: dict[str, str]
) -> None:
    before = {site.region: {name: sorted(found(site)) for name, found in LISTS.items()} for site in both}
    code, printed = destroy("destroy-plan", "--check", variables=variables)
    assert code == 0
    listed = told(printed, "things would go")
    assert any(each.endswith(f":cluster/{NAME}") for each in listed)
    assert arn(both[1], "security-group", planted["group"]) in listed
    assert {
        site.region: {name: sorted(found(site)) for name, found in LISTS.items()} for site in both
    } == before


def test_a_protected_environment_is_refused(variables: dict[str, str], both: list[Site]) -> None:
    code, printed = run("destroy-protected", "playbooks/destroy.yml", *NAMED, variables=variables)
    assert code != 0
    for variable in ("cluster_deletion_protection", "database_deletion_protection"):
        assert f"{variable} (roles/" in printed
    assert all(LISTS["clusters"](site) == [NAME] for site in both)


def test_what_was_made_by_hand_stops_it_and_is_named(
    variables: dict[str, str], primary: Site, standby: Site, planted: dict[str, str]
) -> None:
    lifted = (*UNPROTECTED, "--tags", "cluster,database")
    code, printed = run("destroy-lift-protection", "site.yml", *lifted, variables=variables)
    assert code == 0, printed[-3000:]
    code, printed = destroy("destroy-planted", *NAMED, variables=variables)
    assert code != 0
    left = told(printed, f"things are left of {ENVIRONMENT}")
    for kind in ("group", "interface"):
        word = {"group": "security-group", "interface": "network-interface"}[kind]
        line = left[arn(standby, word, planted[kind])]
        assert f"(network) is in {planted['vpc']}, the VPC of {NAME} (by" in line
        assert "no role made it" in line
    # The standby goes first, and the primary, which serves, only once that went well.
    assert LISTS["clusters"](standby) == LISTS["databases"](standby) == []
    assert LISTS["clusters"](primary) == LISTS["databases"](primary) == [NAME]
    assert LISTS["load balancers"](primary) != []
    assert any(f"hostedzone/{zone}" in each for each in left for zone in zone_ids(primary))


def zone_ids(site: Site) -> list[str]:
    zones = site.aws("route53").list_hosted_zones()["HostedZones"]
    return [zone["Id"].rpartition("/")[2] for zone in zones]


def test_a_run_that_is_killed_goes_on(
    variables: dict[str, str], primary: Site, standby: Site, planted: dict[str, str]
) -> None:
    ec2 = standby.aws("ec2")
    ec2.delete_network_interface(NetworkInterfaceId=planted["interface"])
    ec2.delete_security_group(GroupId=planted["group"])
    log = LOGS / "destroy-killed.log"
    options = (*UNPROTECTED, *NAMED)
    with started(log, "playbooks/destroy.yml", *options, variables=variables) as process:
        kill_at(process, log, f"included: secrets for {ENVIRONMENT}_{primary.region.replace('-', '_')}")
    assert LISTS["clusters"](primary) == []
    assert LISTS["databases"](primary) == [NAME]
    code, printed = destroy("destroy-resumed", *NAMED, variables=variables)
    assert code == 0, printed[-5000:]
    assert "things are left" not in printed


def kill_at(process: subprocess.Popen[str], log: Path, begin: str) -> None:
    """Kill it with all its workers as soon as it prints a line that begins so."""
    with log.open() as file:
        while process.poll() is None:
            line = file.readline()
            if line.startswith(begin):
                os.killpg(process.pid, signal.SIGKILL)
                return
            if not line:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.2)
    raise AssertionError(f"It ended before {begin!r}: {log}")


@pytest.mark.parametrize("name", LISTS)
def test_nothing_is_left(name: str, both: list[Site]) -> None:
    assert {site.region: LISTS[name](site) for site in both} == {site.region: [] for site in both}


def kept_buckets(site: Site) -> list[str]:
    s3 = site.aws("s3")
    names = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    return [
        name for name in names if (s3.get_bucket_location(Bucket=name)["LocationConstraint"]) == site.region
    ]


def test_backups_stay_and_are_named(variables: dict[str, str], both: list[Site]) -> None:
    code, printed = destroy("destroy-again", "--tags", "sweep", variables=variables)
    assert code == 0, printed[-5000:]
    stays = told(printed, "things stay")
    for site in both:
        dumps = f"{NAME}-backups-{site.account}-{site.region}"
        assert dumps in kept_buckets(site)
        assert "Object Lock (COMPLIANCE)" in stays[f"arn:aws:s3:::{dumps}"]
        vaults = site.aws("backup").list_backup_vaults()["BackupVaultList"]
        assert [vault["BackupVaultName"] for vault in vaults] == [NAME]
        assert f"arn:aws:backup:{site.region}:{site.account}:backup-vault:{NAME}" in stays
        points = site.aws("backup").list_recovery_points_by_backup_vault(BackupVaultName=NAME)[
            "RecoveryPoints"
        ]
        assert points
        for point in points:
            assert f"is a recovery point of {NAME}, kept until 20" in stays[point["RecoveryPointArn"]]
        asked = {"SnapshotType": "manual"}
        [final] = site.aws("rds").describe_db_cluster_snapshots(**asked)["DBClusterSnapshots"]
        assert final["DBClusterIdentifier"] == NAME
        assert final["Status"] == "available"
        assert "stays until somebody deletes it" in stays[final["DBClusterSnapshotArn"]]


def test_only_keys_that_backups_need_can_be_used(both: list[Site]) -> None:
    for site in both:
        kms = site.aws("kms")
        aliases = {each.get("TargetKeyId"): each["AliasName"] for each in kms.list_aliases()["Aliases"]}
        described = [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]
        ours = [key for key in described if key["KeyManager"] == "CUSTOMER"]
        usable = {aliases[key["KeyId"]] for key in ours if key["KeyState"] == "Enabled"}
        assert usable <= NEEDED_KEYS
        assert f"alias/{NAME}-storage" in usable
        assert {key["KeyState"] for key in ours} <= {"Enabled", "PendingDeletion", "PendingReplicaDeletion"}
        assert len(ours) >= 8


def test_a_volume_with_the_cluster_s_tag_is_found(variables: dict[str, str], primary: Site) -> None:
    ec2 = primary.aws("ec2")
    tags = [{"Key": f"kubernetes.io/cluster/{NAME}", "Value": "owned"}]
    specification: list[dict[str, Any]] = [{"ResourceType": "volume", "Tags": tags}]
    zone = f"{primary.region}a"
    made = ec2.create_volume(AvailabilityZone=zone, Size=1, TagSpecifications=specification)
    code, printed = destroy("destroy-volume", "--tags", "sweep", variables=variables)
    assert code != 0
    left = told(printed, f"things are left of {ENVIRONMENT}")
    assert list(left) == [arn(primary, "volume", made["VolumeId"])]
    [line] = left.values()
    assert f"was made by EKS or a controller of the cluster {NAME}" in line
