"""Discovery finds a site's resources by their tags, in the shapes that the roles publish."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from .modules import run_module

pytestmark = pytest.mark.usefixtures("account")

SITE = {"platform:environment": "test", "platform:site": "test_eu_west_1"}


def tags(component: str, purpose: str, site: str = "test_eu_west_1") -> dict[str, str]:
    return {**SITE, "platform:site": site, "platform:component": component, "platform:purpose": purpose}


def discovered(*components: str) -> dict[str, Any]:
    run = run_module("site_info", tags=SITE, components=list(components))
    assert run.writes == []
    return dict(run.result["site"])


def test_nothing_is_there_yet() -> None:
    assert discovered("encryption_keys", "container_registry", "secrets") == {
        "encryption_keys": {},
        "container_registry": {},
        "secrets": {},
    }


def test_keys_of_this_site_that_are_not_being_deleted() -> None:
    made = run_module("kms_key", alias="a", tags=tags("encryption_keys", "database")).result["kms_key"]
    run_module("kms_key", alias="b", tags=tags("encryption_keys", "database", site="elsewhere"))
    run_module("kms_key", alias="c", tags=tags("encryption_keys", "logs"))
    run_module("kms_key", alias="c", state="absent")
    assert discovered("encryption_keys") == {"encryption_keys": {"arns": {"database": made["arn"]}}}


def test_repositories_of_this_site() -> None:
    made = run_module("ecr_repository", name="here", tags=tags("container_registry", "notejam"))
    run_module("ecr_repository", name="there", tags=tags("container_registry", "notejam", site="elsewhere"))
    repository = {key: made.result["ecr_repository"][key] for key in ("arn", "uri")}
    assert discovered("container_registry") == {
        "container_registry": {"repositories": {"notejam": repository}}
    }


def test_secrets_of_this_site() -> None:
    module = "secretsmanager_generated_secret"
    made = run_module(module, name="a", tags=tags("secrets", "django")).result["secret"]
    run_module(module, name="b", tags=tags("secrets", "django", site="elsewhere"))
    run_module(module, name="c", tags=tags("secrets", "database"))
    run_module(module, name="c", state="absent")
    assert discovered("secrets") == {"secrets": {"arns": {"django": made["arn"]}}}


def test_the_database_of_this_site_and_who_keeps_its_master_password() -> None:
    cluster = {
        "name": "here",
        "engine_version": "17.5",
        "database_name": "notejam",
        "master_username": "notejam",
        "port": 5432,
    }
    module = "secretsmanager_generated_secret"
    run_module("rds_cluster", **cluster | {"name": "there"}, tags=tags("database", "", site="elsewhere"))
    made = run_module("rds_cluster", **cluster, tags=tags("database", "")).result["rds_cluster"]
    [found] = discovered("database").values()
    assert (found["identifier"], found["arn"], found["name"]) == ("here", made["arn"], "notejam")
    assert found["master_secret_arn"] == made["master_user_secret_arn"]

    run_module("rds_cluster", **cluster, state="absent")
    own = run_module(module, name="here-eu-west-1/master", generate=[{"key": "password", "length": 20}])
    run_module(
        "rds_cluster", **cluster, master_user_secret_id="here-eu-west-1/master", tags=tags("database", "")
    )
    assert discovered("database")["database"]["master_secret_arn"] == own.result["secret"]["arn"]
    run_module(module, name="here-eu-west-1/master", state="absent")
    assert discovered("database")["database"]["master_secret_arn"] == ""


def test_the_boundary_of_the_account_is_every_sites() -> None:
    iam = boto3.client("iam")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for name, environment in (("here", "test"), ("there", "prod")):
        iam.create_policy(
            PolicyName=name,
            PolicyDocument=document,
            Tags=[
                {"Key": key, "Value": value}
                for key, value in {
                    **tags("identity", "boundary", site="global"),
                    "platform:environment": environment,
                }.items()
            ],
        )
    trusted = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    role = {"RoleName": "reader", "AssumeRolePolicyDocument": trust}
    role_tags = tags("identity", "read-only", site="global")
    iam.create_role(**role, Tags=[{"Key": key, "Value": value} for key, value in role_tags.items()])
    assert discovered("identity") == {
        "identity": {
            "permissions_boundary_arn": "arn:aws:iam::123456789012:policy/here",
            "github_provider_arn": None,
            "role_arns": {"read-only": "arn:aws:iam::123456789012:role/reader"},
        }
    }


@pytest.mark.usefixtures("strict_account")
def test_the_web_acl_of_this_site() -> None:
    made = run_module("wafv2_web_acl", name="here", tags=tags("web_firewall", "")).result["web_acl"]
    run_module("wafv2_web_acl", name="there", tags=tags("web_firewall", "", site="elsewhere"))
    assert discovered("web_firewall") == {
        "web_firewall": {"web_acl_arn": made["arn"], "web_acl_name": "here"}
    }


def test_the_bucket_of_this_sites_dumps() -> None:
    run_module("s3_bucket", name="here-dumps", tags=tags("backups", "dumps"))
    run_module("s3_bucket", name="there-dumps", tags=tags("backups", "dumps", site="elsewhere"))
    for name, site in (("there", "elsewhere"), ("here", "test_eu_west_1")):
        own = tags("backups", "vault", site=site)
        boto3.client("backup").create_backup_vault(BackupVaultName=name, BackupVaultTags=own)
    assert discovered("backups") == {
        "backups": {
            "bucket": "here-dumps",
            "bucket_arn": "arn:aws:s3:::here-dumps",
            "vault_name": "here",
            "vault_arn": "arn:aws:backup:eu-west-1:123456789012:backup-vault:here",
        }
    }


def test_an_unknown_component_is_refused_with_the_known_ones() -> None:
    run = run_module("site_info", tags=SITE, components=["keys"])
    assert "No component is called keys; there are backups, cluster" in run.result["msg"]


def test_topics_of_this_site() -> None:
    made = run_module("sns_topic", name="a", tags=tags("observability", "critical")).result["sns_topic"]
    run_module("sns_topic", name="b", tags=tags("observability", "critical", site="elsewhere"))
    assert discovered("observability") == {
        "observability": {
            "topic_arns": {"critical": made["arn"]},
            "trail_arn": None,
            "access_logs_bucket": "",
        }
    }


def test_the_bucket_of_this_site_s_access_logs() -> None:
    for name, purpose, site in (
        ("a", "access-logs", "here"),
        ("b", "trail", "here"),
        ("c", "access-logs", "there"),
    ):
        own = {"site": site} if site == "there" else {}
        run_module("s3_bucket", name=f"notejam-{name}", tags=tags("observability", purpose, **own))
    assert discovered("observability")["observability"]["access_logs_bucket"] == "notejam-a"
