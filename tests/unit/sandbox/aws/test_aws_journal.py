"""The emulated AWS forgets nothing that it has answered, over a restart or a kill at any moment."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.aws.clients import session
from sandbox.aws.http import Request
from sandbox.aws.journal import Entry, Journal
from sandbox.settings import CHECKOUT, Settings

START_SECONDS = 120
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


class Process:
    """The emulated AWS as a process of its own, that can be killed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.save()
        self.log = (settings.folder / "aws.log").open("ab")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.aws", "--no-kubernetes"],
            cwd=CHECKOUT,
            env={**os.environ, "NOTEJAM_SANDBOX": str(self.settings.folder)},
            stdout=self.log,
            stderr=self.log,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.settings.aws_endpoint_url}/_sandbox/health").close()  # noqa: S310
                return
            time.sleep(0.1)
        raise AssertionError(f"It did not start: {(self.settings.folder / 'aws.log').read_text()}")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def client(self, service: str) -> Any:
        return session().create_client(
            service,
            region_name="eu-west-1",
            endpoint_url=self.settings.aws_endpoint_url,
            aws_access_key_id=self.settings.access_key_id,
            aws_secret_access_key=self.settings.secret_access_key,
            config=Config(retries={"max_attempts": 0}),
        )


@pytest.fixture
def aws(settings: Settings) -> Iterator[Process]:
    process = Process(settings_on_free_address(settings))
    yield process
    process.kill()
    process.log.close()


def settings_on_free_address(settings: Settings) -> Settings:
    """The test's settings with an index whose addresses nobody listens on."""
    for index in random.sample(range(100, 250), 150):
        candidate = Settings(**{**vars(settings), "index": index})
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((candidate.address(1), 4566))
            return candidate
    raise AssertionError("Every sandbox index is taken")


def told(aws: Process) -> dict[str, Any]:
    """What the services tell of all that the test makes."""
    ec2, iam, kms = aws.client("ec2"), aws.client("iam"), aws.client("kms")
    secrets, ecr, eks = aws.client("secretsmanager"), aws.client("ecr"), aws.client("eks")
    answers = {
        "vpcs": ec2.describe_vpcs()["Vpcs"],
        "subnets": ec2.describe_subnets()["Subnets"],
        "groups": ec2.describe_security_groups()["SecurityGroups"],
        "rules": ec2.describe_security_group_rules()["SecurityGroupRules"],
        "addresses": ec2.describe_addresses()["Addresses"],
        "roles": [role for role in iam.list_roles()["Roles"] if not role["Path"].startswith("/aws-")],
        "keys": [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]],
        "secrets": secrets.list_secrets()["SecretList"],
        "values": [
            secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"]
            for secret in secrets.list_secrets()["SecretList"]
        ],
        "repositories": ecr.describe_repositories()["repositories"],
        "clusters": [eks.describe_cluster(name=name)["cluster"] for name in eks.list_clusters()["clusters"]],
        "identity": aws.client("sts").get_caller_identity()["UserId"],
    }
    return dict(json.loads(json.dumps(answers, default=str)))


def make_something(aws: Process, number: int, choice: random.Random) -> None:
    """One of the writing calls that roles make; a refusal is an answer, too."""
    ec2 = aws.client("ec2")
    vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]
    calls = [
        lambda: ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16"),
        lambda: ec2.create_subnet(VpcId=choice.choice(vpcs), CidrBlock=f"10.{number}.1.0/24"),
        lambda: ec2.create_security_group(GroupName=f"g{number}", Description="d", VpcId=choice.choice(vpcs)),
        lambda: ec2.allocate_address(Domain="vpc"),
        lambda: ec2.create_tags(Resources=[choice.choice(vpcs)], Tags=[{"Key": "n", "Value": str(number)}]),
        lambda: aws.client("iam").create_role(RoleName=f"r{number}", AssumeRolePolicyDocument=TRUST),
        lambda: aws.client("kms").create_key(Description=f"k{number}", MultiRegion=number % 2 == 0),
        lambda: aws.client("kms").describe_key(KeyId="alias/aws/ebs"),
        lambda: aws.client("secretsmanager").create_secret(Name=f"s{number}", SecretString=f"v{number}"),
        lambda: aws.client("ecr").create_repository(repositoryName=f"images/{number % 5}"),
    ]
    with contextlib.suppress(ClientError):
        choice.choice(calls)()


def test_a_killed_aws_tells_the_same_as_before(aws: Process) -> None:
    choice = random.Random(3)  # noqa: S311 - a test's choice, the same in every run
    for number in range(40):
        make_something(aws, number, choice)
    before = told(aws)
    for _ in range(2):
        aws.kill()
        aws.start()
        assert told(aws) == before
    assert len(before["vpcs"]) > 1
    assert before["keys"]


def test_a_cluster_that_was_being_made_is_made_after_a_kill(aws: Process) -> None:
    ec2, iam, eks = aws.client("ec2"), aws.client("iam"), aws.client("eks")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")[
            "Subnet"
        ]
        for n, zone in enumerate("ab")
    ]
    role = iam.create_role(RoleName="cluster", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    made = eks.create_cluster(
        name="notes",
        roleArn=role,
        resourcesVpcConfig={"subnetIds": [subnet["SubnetId"] for subnet in subnets]},
    )["cluster"]
    aws.kill()
    aws.start()
    eks = aws.client("eks")
    eks.get_waiter("cluster_active").wait(name="notes", WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    assert eks.describe_cluster(name="notes")["cluster"]["arn"] == made["arn"]


def test_what_was_encrypted_before_a_kill_is_decrypted_after_it(aws: Process) -> None:
    kms = aws.client("kms")
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"notes")["CiphertextBlob"]
    aws.kill()
    aws.start()
    assert aws.client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"] == b"notes"


def test_whatever_was_answered_before_a_kill_in_the_middle_is_there_after_it(aws: Process) -> None:
    secrets, answered = aws.client("secretsmanager"), []
    killer = threading.Timer(0.5, aws.process.kill)  # while calls are under way
    killer.start()
    with contextlib.suppress(BotoCoreError):
        for number in range(100_000):
            secrets.create_secret(Name=f"s{number}", SecretString="v")
            answered.append(f"s{number}")
    killer.join()
    aws.process.wait()
    aws.start()
    pages = aws.client("secretsmanager").get_paginator("list_secrets").paginate()
    kept = {secret["Name"] for page in pages for secret in page["SecretList"]}
    assert set(answered) <= kept
    assert len(kept) - len(answered) <= 1


def test_a_line_that_a_kill_cut_off_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    entry = Entry(1.5, 7, "123456789012", Request("POST", "/", "", {"host": "h"}, b"\x00body"))
    journal.append(entry)
    journal.close()
    path.write_bytes(path.read_bytes() + b'{"time": 2.0, "se')
    journal = Journal(path)
    journal.append(entry)
    assert list(journal.entries()) == [entry, entry]
    journal.close()
