"""Prod over two regions: what the standby needs is there before the primary's region is lost."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import psycopg
import pytest
import requests

from sandbox import image
from tests.environments.conftest import NAME, Site

PATIENCE = 120  # seconds for what AWS does some time later


def eventually(described: Any, wanted: Any) -> None:
    """Wait until `described()` is `wanted`; fails with what it was in the end."""
    deadline = time.monotonic() + PATIENCE
    while (found := described()) != wanted and time.monotonic() < deadline:
        time.sleep(1)
    assert found == wanted


@pytest.fixture(params=["primary", "standby"])
def each(request: pytest.FixtureRequest) -> Site:
    """Either site."""
    site: Site = request.getfixturevalue(request.param)
    return site


@pytest.fixture
def other(each: Site, primary: Site, standby: Site) -> Site:
    """The other one."""
    return standby if each is primary else primary


def keys(site: Site) -> dict[str, dict[str, Any]]:
    """The site's keys by alias."""
    kms = site.aws("kms")
    names = [
        alias["AliasName"]
        for page in kms.get_paginator("list_aliases").paginate()
        for alias in page["Aliases"]
    ]
    ours = [name for name in names if name.startswith(f"alias/{NAME}-")]
    return {name: kms.describe_key(KeyId=name)["KeyMetadata"] for name in ours}


def test_the_standby_has_a_replica_of_every_key(primary: Site, standby: Site) -> None:
    kept, copied = keys(primary), keys(standby)
    assert len(kept) >= 5
    assert {alias: key["KeyId"] for alias, key in kept.items()} == {
        alias: key["KeyId"] for alias, key in copied.items()
    }
    kinds = {key["MultiRegionConfiguration"]["MultiRegionKeyType"] for key in kept.values()}
    assert kinds == {"PRIMARY"}
    kinds = {key["MultiRegionConfiguration"]["MultiRegionKeyType"] for key in copied.values()}
    assert kinds == {"REPLICA"}


def test_what_one_site_encrypts_the_other_decrypts(each: Site, other: Site) -> None:
    for alias in keys(each):
        given = each.aws("kms").encrypt(KeyId=alias, Plaintext=b"Packing list")
        read = other.aws("kms").decrypt(KeyId=alias, CiphertextBlob=given["CiphertextBlob"])
        assert read["Plaintext"] == b"Packing list", alias


@pytest.mark.parametrize("purpose", ["database", "django"])
def test_each_site_s_secrets_can_be_read_in_the_other(each: Site, other: Site, purpose: str) -> None:
    name = f"{NAME}-{each.region}/{purpose}"
    [replica] = each.aws("secretsmanager").describe_secret(SecretId=name)["ReplicationStatus"]
    assert (replica["Region"], replica["Status"]) == (other.region, "InSync")
    here, there = (site.aws("secretsmanager").get_secret_value(SecretId=name) for site in (each, other))
    assert there["SecretString"] == here["SecretString"]
    assert there["ARN"] == here["ARN"].replace(f":{each.region}:", f":{other.region}:")
    # With the key that is in that region: the primary's cannot be asked when its region is lost.
    described = other.aws("secretsmanager").describe_secret(SecretId=name)
    assert described["KmsKeyId"].removeprefix("alias/").startswith((NAME, f"arn:aws:kms:{other.region}:"))


def test_the_release_is_in_both_registries_and_whole(primary: Site, standby: Site) -> None:
    repository, tag = f"{NAME}/notejam", image.release()
    ecr = primary.aws("ecr")

    def copied() -> list[tuple[str, str]]:
        answer = ecr.describe_image_replication_status(repositoryName=repository, imageId={"imageTag": tag})
        return [(one["region"], one["status"]) for one in answer["replicationStatuses"]]

    eventually(copied, [(standby.region, "COMPLETE")])
    assert manifest(primary, repository, tag) == manifest(standby, repository, tag)


def manifest(site: Site, repository: str, tag: str) -> str:
    """The image's manifest, each of whose parts the registry of the site's region really holds."""
    ecr = site.aws("ecr")
    [login] = ecr.get_authorization_token()["authorizationData"]
    user, password = base64.b64decode(login["authorizationToken"]).decode().split(":", 1)
    [found] = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]
    content = json.loads(found["imageManifest"])
    for part in (content["config"], *content["layers"]):
        url = f"{login['proxyEndpoint']}/v2/{repository}/blobs/{part['digest']}"
        blob = requests.get(url, auth=(user, password), timeout=60)
        assert f"sha256:{hashlib.sha256(blob.content).hexdigest()}" == part["digest"]
    return str(found["imageManifest"])


def test_dumps_are_copied_to_the_standby_s_bucket_under_its_key(primary: Site, standby: Site) -> None:
    here, there = (f"{NAME}-backups-{site.account}-{site.region}" for site in (primary, standby))
    [rule] = primary.aws("s3").get_bucket_replication(Bucket=here)["ReplicationConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["DeleteMarkerReplication"] == {"Status": "Disabled"}
    assert rule["Destination"]["Bucket"] == f"arn:aws:s3:::{there}"
    key = rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"]
    assert key == keys(standby)[f"alias/{NAME}-storage"]["Arn"]
    s3 = standby.aws("s3")
    assert s3.get_bucket_location(Bucket=there)["LocationConstraint"] == standby.region
    assert s3.get_bucket_versioning(Bucket=there)["Status"] == "Enabled"
    lock = s3.get_object_lock_configuration(Bucket=there)["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"]["Mode"] == "COMPLIANCE"

    dump = {"Bucket": here, "Key": "rehearsals/two-sites"}
    given = primary.aws("s3").put_object(**dump, Body=b"Packing list", ChecksumAlgorithm="SHA256")
    version = {**dump, "VersionId": given["VersionId"]}
    eventually(lambda: primary.aws("s3").head_object(**version).get("ReplicationStatus"), "COMPLETED")
    copied = s3.get_object(**{**version, "Bucket": there})
    assert copied["Body"].read() == b"Packing list"
    assert (copied["ReplicationStatus"], copied["SSEKMSKeyId"]) == ("REPLICA", key)
    assert copied["ObjectLockMode"] == "COMPLIANCE"


def test_snapshots_are_copied_to_the_standby_s_vault_under_its_key(primary: Site, standby: Site) -> None:
    backup = primary.aws("backup")
    [plan] = backup.list_backup_plans()["BackupPlansList"]
    rules = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
    copies = {
        rule["RuleName"]: [copy["DestinationBackupVaultArn"] for copy in rule.get("CopyActions", [])]
        for rule in rules
    }
    vault = standby.aws("backup").describe_backup_vault(BackupVaultName=NAME)
    assert vault["EncryptionKeyArn"] == keys(standby)[f"alias/{NAME}-backups"]["Arn"]
    assert copies.pop("continuous") == []  # AWS copies no continuous backup
    assert len(copies) == 4
    assert all(destinations == [vault["BackupVaultArn"]] for destinations in copies.values()), copies


def test_a_backup_of_the_database_reaches_the_standby_s_vault(primary: Site, standby: Site) -> None:
    backup = primary.aws("backup")
    [cluster] = primary.aws("rds").describe_db_clusters()["DBClusters"]
    [plan] = backup.list_backup_plans()["BackupPlansList"]
    one = {"BackupPlanId": plan["BackupPlanId"]}
    [listed] = backup.list_backup_selections(**one)["BackupSelectionsList"]
    role = {"IamRoleArn": listed["IamRoleArn"]}
    lifecycle = {"Lifecycle": {"DeleteAfterDays": 35}}
    job = backup.start_backup_job(
        BackupVaultName=NAME, ResourceArn=cluster["DBClusterArn"], **role, **lifecycle
    )
    identifier = job["BackupJobId"]
    eventually(lambda: backup.describe_backup_job(BackupJobId=identifier)["State"], "COMPLETED")
    copy = backup.start_copy_job(
        RecoveryPointArn=backup.describe_backup_job(BackupJobId=identifier)["RecoveryPointArn"],
        SourceBackupVaultName=NAME,
        DestinationBackupVaultArn=standby.aws("backup").describe_backup_vault(BackupVaultName=NAME)[
            "BackupVaultArn"
        ],
        **role,
        **lifecycle,
    )["CopyJobId"]
    eventually(lambda: backup.describe_copy_job(CopyJobId=copy)["CopyJob"]["State"], "COMPLETED")
    points = standby.aws("backup").list_recovery_points_by_backup_vault(BackupVaultName=NAME)
    assert cluster["DBClusterArn"] in [point["ResourceArn"] for point in points["RecoveryPoints"]]


def test_each_site_has_a_cluster_of_its_own(each: Site) -> None:
    cluster = each.aws("eks").describe_cluster(name=NAME)["cluster"]
    assert cluster["status"] == "ACTIVE"
    [encryption] = cluster["encryptionConfig"]
    assert encryption["provider"]["keyArn"] == keys(each)[f"alias/{NAME}-cluster"]["Arn"]


def test_each_site_has_a_database_with_notejam_s_tables(each: Site) -> None:
    [cluster] = each.aws("rds").describe_db_clusters()["DBClusters"]
    assert f":rds:{each.region}:" in cluster["DBClusterArn"]
    master = cluster["MasterUserSecret"]["SecretArn"]
    secret = each.aws("secretsmanager").get_secret_value(SecretId=master)
    login = json.loads(secret["SecretString"])
    with psycopg.connect(
        host=cluster["Endpoint"],
        port=cluster["Port"],
        dbname=cluster["DatabaseName"],
        user=login["username"],
        password=login["password"],
        sslmode="require",
    ) as connection:
        tables = {name for (name,) in connection.execute("SELECT tablename FROM pg_tables")}
    assert "django_migrations" in tables


def test_flux_runs_the_release_in_each_cluster(each: Site) -> None:
    [source] = each.kubernetes("gitrepositories", "--namespace", "flux-system")["items"]
    assert source["spec"]["url"].endswith("/operations-k8s-prod.git")
    deployment = each.kubernetes("deployment", "notejam", "--namespace", "notejam")
    labels = deployment["metadata"]["labels"]
    assert labels["kustomize.toolkit.fluxcd.io/name"] == "notejam"
    assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"] >= 2
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"].endswith(f"{NAME}/notejam:{image.release()}")
