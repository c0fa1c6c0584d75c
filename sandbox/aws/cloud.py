"""The emulated AWS of one sandbox, put together."""

import logging
import os

from sandbox.aws import s3_access, secretsmanager
from sandbox.aws.autoscaling import ScheduledActions
from sandbox.aws.backup.api import Backup
from sandbox.aws.calls import Handlers
from sandbox.aws.clients import Clients
from sandbox.aws.cloudtrail.events import Events
from sandbox.aws.cloudwatch.alarms import Alarms
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.documents import Documents
from sandbox.aws.ec2 import EC2
from sandbox.aws.ecr.api import ECR
from sandbox.aws.ecr.registry import Registry
from sandbox.aws.eks.api import EKS
from sandbox.aws.elbv2 import ELBv2
from sandbox.aws.emulator import Emulator, Moto
from sandbox.aws.gateway import Gateway
from sandbox.aws.identities import Identities
from sandbox.aws.journal import Journal
from sandbox.aws.kms import KMS
from sandbox.aws.kubernetes_ports import Clusters
from sandbox.aws.lambda_.api import Lambda
from sandbox.aws.other_emulators import Forwarding, start_ministack
from sandbox.aws.principals import Principal, Principals
from sandbox.aws.rds.api import RDS
from sandbox.aws.rds.postgresql import PostgreSQL
from sandbox.aws.request_log import RequestLog
from sandbox.aws.route53 import Route53
from sandbox.aws.s3 import S3
from sandbox.aws.s3_replication import Replication
from sandbox.aws.secret_rotation import Rotations
from sandbox.aws.slow_resources import SlowResources
from sandbox.aws.tagging import Tagging
from sandbox.errors import SandboxError
from sandbox.processes import Processes
from sandbox.settings import Settings

log = logging.getLogger(__name__)

ADMINISTRATOR = "administrator"
ADMINISTRATOR_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"


class Cloud:
    """What `python -m sandbox.aws` serves, with its state in `aws/` of the sandbox's folder."""

    def __init__(self, settings: Settings, clusters: Clusters) -> None:
        self.settings = settings
        folder = settings.folder / "aws"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.documents = Documents(folder / "state.sqlite")
        self.principals = Principals(self.documents)
        self.request_log = RequestLog(folder / "requests.jsonl")
        self.emulator = self._emulator()
        self.clients = Clients(self.emulator)
        self._make_administrator()
        self.times = CreationTimes(settings.time_scale)
        self.eks = EKS(
            self.documents,
            self.times,
            clusters,
            settings.kubernetes_version,
            settings.account_id,
            self.clients,
            self.principals,
            settings.aws_endpoint_url,
        )
        processes = Processes(settings)
        postgresql = PostgreSQL(settings, processes)
        self.rds = RDS(self.documents, self.times, self.clients, postgresql, settings)
        self.registry = Registry(settings, processes)
        self.ecr = ECR(
            self.documents,
            self.times,
            self.clients,
            self.registry,
            settings.registry,
            settings.folder / "upstream",
        )
        self.elbv2 = ELBv2(self.documents, SlowResources(self.documents, self.times))
        self.functions = Lambda(
            self.documents,
            self.times,
            self.clients,
            self.principals,
            folder / "lambda",
            settings.aws_endpoint_url,
        )
        self.rotations = Rotations(self.documents, self.times, self.clients, self.functions.invocations)
        self.alarms = Alarms(self.emulator, self.clients)
        self.scheduled_actions = ScheduledActions(self.emulator, self.clients, self.documents)
        self.s3_replication = Replication(self.emulator, self.clients, self.times)
        self.gateway = Gateway(
            self.emulator,
            self.principals,
            self.request_log,
            self._handlers(),
            {
                "/_sandbox/eks/": self.eks.authenticator.serve,
                "/_sandbox/elbv2/": self.elbv2.take_health,
            },
            settings.account_id,
            {"s3": s3_access.guard},
        )

    def _emulator(self) -> Emulator:
        if self.settings.emulator == "moto":
            moto = Moto(Journal(self.settings.folder / "aws" / "journal.jsonl"))
            log.info("Replayed %d requests of the journal", moto.replay())
            return moto
        if endpoint_url := os.environ.get("NOTEJAM_EMULATOR_URL"):
            return Forwarding(endpoint_url)
        return start_ministack(self.settings, Processes(self.settings))

    def _handlers(self) -> Handlers:
        slow = SlowResources(self.documents, self.times)
        return (
            Identities(self.principals, self.eks.signing_keys).handlers()
            | self.eks.handlers()
            | Backup(self.documents, self.times).handlers()
            | Events(self.request_log, self.times).handlers()
            | EC2(slow).handlers()
            | KMS(slow).handlers()
            | Tagging(self.documents).handlers()
            | self.functions.handlers()
            | self.ecr.handlers()
            | self.elbv2.handlers()
            | self.rds.handlers()
            | Route53(self.documents).handlers()
            | S3(self.documents).handlers()
            | s3_access.handlers()
            | secretsmanager.handlers()
            | self.rotations.handlers()
        )

    def _make_administrator(self) -> None:
        """The IAM user behind the credentials of `.sandbox/env`."""
        settings = self.settings
        if self.principals.get(settings.access_key_id):
            return
        iam = self.clients.get("iam", settings.account_id, settings.region)
        try:
            user = iam.create_user(UserName=ADMINISTRATOR)["User"]
        except iam.exceptions.EntityAlreadyExistsException:
            user = iam.get_user(UserName=ADMINISTRATOR)["User"]
        iam.attach_user_policy(UserName=ADMINISTRATOR, PolicyArn=ADMINISTRATOR_POLICY)
        self.principals.add(
            Principal(
                settings.account_id,
                user["Arn"],
                user["UserId"],
                settings.access_key_id,
                settings.secret_access_key,
            )
        )

    def start(self) -> None:
        """Begin to bring about what was asked for, or go on with it."""
        try:
            self.registry.start()
        except SandboxError as error:
            log.warning("No registry: %s", error)  # images wait for it; everything else works
        self.ecr.replication.start()
        self.ecr.expiry.start()
        self.functions.interfaces.start()
        self.rotations.start()
        self.alarms.start()
        self.scheduled_actions.start()
        self.s3_replication.start()
        self.rds.bridge.start()
        self.eks.bridge.start()

    def close(self) -> None:
        """Stop, and let go of the files; what they hold is whole at any moment."""
        self.eks.bridge.stop()
        self.rds.bridge.stop()
        self.rotations.stop()
        self.functions.interfaces.stop()
        self.s3_replication.stop()
        self.scheduled_actions.stop()
        self.alarms.stop()
        self.ecr.expiry.stop()
        self.ecr.replication.stop()
        self.request_log.close()
        self.documents.close()
