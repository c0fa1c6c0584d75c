"""How long AWS takes to make, change and remove things, divided by the sandbox's time scale.

The order of what takes long and the waits for it are rehearsed this way, in a fraction of the time. AWS
documents no exact times; these are what its guides and waiters suggest, e.g.
https://docs.aws.amazon.com/eks/latest/userguide/create-cluster.html ("provisioning takes several minutes").
"""

from sandbox.aws import clock

SECONDS = {
    "eks-cluster": 600,
    "eks-cluster-update": 300,
    "eks-cluster-version-update": 900,
    "eks-cluster-delete": 300,
    "eks-nodegroup": 150,
    "eks-nodegroup-update": 60,
    "eks-nodegroup-version-update": 300,
    "eks-nodegroup-delete": 180,
    "eks-pod-eviction": 900,
    "eks-node-termination": 60,
    "eks-addon": 60,
    "eks-addon-update": 60,
    "eks-addon-delete": 30,
    "rds-cluster": 120,
    "rds-cluster-modify": 30,
    "rds-cluster-delete": 120,
    "rds-cluster-failover": 30,
    "rds-cluster-restore": 600,
    "rds-cluster-start": 300,
    "rds-cluster-stop": 300,
    "rds-cluster-upgrade": 900,
    "rds-cluster-snapshot": 120,
    "rds-cluster-snapshot-copy": 600,
    "rds-global-cluster": 30,
    "rds-global-cluster-failover": 120,
    "rds-instance": 360,
    "rds-instance-modify": 60,
    "rds-instance-delete": 180,
    "rds-instance-reboot": 60,
    "rds-restorable": 300,
    "load-balancer": 120,
    "load-balancer-target": 30,
    "nat-gateway": 120,
    "nat-gateway-delete": 60,
    "vpc-endpoint": 60,
    "vpc-endpoint-delete": 60,
    "kms-replica": 30,
    "kms-primary-region": 60,
    "ecr-replication": 60,
    "ecr-pull-through": 86400,
    "ecr-lifecycle": 86400,
    "ecr-lifecycle-preview": 30,
    "cloudtrail-event": 300,
    "s3-replication": 300,
    "backup-job": 300,
    "backup-copy-job": 600,
    "lambda-function": 5,
    "lambda-function-update": 5,
    "lambda-function-network": 60,
    "lambda-network-interface-delete": 1200,
    "secret-rotation-retry": 300,
    "secret-rotation-window": 86400,
}


class CreationTimes:
    """When things that are begun now will be done. A scale of 60 makes a minute of AWS's a second here."""

    def __init__(self, scale: float) -> None:
        self._scale = scale

    def done_at(self, kind: str) -> float:
        """The moment, in seconds since the epoch. Raises KeyError for a kind that is not in SECONDS."""
        return self.after(clock.now(), kind)

    def after(self, moment: float, kind: str) -> float:
        """When a thing that was begun at `moment` is done."""
        return moment + SECONDS[kind] / self._scale

    def before(self, moment: float, kind: str) -> float:
        """When a thing that is done at `moment` was begun."""
        return moment - SECONDS[kind] / self._scale


def passed(moment: float) -> bool:
    """Whether `moment` (seconds since the epoch) is over."""
    return clock.now() >= moment
