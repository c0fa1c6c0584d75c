"""The round in which Auto Scaling does what is scheduled; what it does is a request like any other.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
"""

import logging
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws import clock
from sandbox.aws.clients import Clients
from sandbox.aws.documents import Documents
from sandbox.aws.emulator import Emulator, Moto
from sandbox.aws.rounds import Rounds

log = logging.getLogger(__name__)

PAUSE = 5.0  # seconds between two rounds; Auto Scaling itself may be some minutes late
DONE = "autoscaling-scheduled-action"
REQUEST = {"min_size": "MinSize", "max_size": "MaxSize", "desired_capacity": "DesiredCapacity"}


class ScheduledActions(Rounds):
    """Acts in every account and region; when an action was last done is kept over a restart."""

    def __init__(self, emulator: Emulator, clients: Clients, documents: Documents) -> None:
        super().__init__("autoscaling-schedules", PAUSE)
        self._emulator = emulator
        self._clients = clients
        self._documents = documents

    def step(self) -> int:
        """One round; returns how many actions were due."""
        if not isinstance(self._emulator, Moto):
            return 0
        from sandbox.aws.moto.autoscaling_schedules import due

        now = clock.now()
        done = {key: float(document["at"]) for key, document in self._documents.all(DONE).items()}
        found = self._emulator.look(lambda: list(due(now, done)))
        for action, time in found:
            self._act(action)
            self._documents.put(DONE, action.key, {"at": time})
            if action.following(time) is None:
                self._forget(action)
        return len(found)

    def _act(self, action: Any) -> None:
        autoscaling = self._clients.get("autoscaling", action.account, action.region)
        sizes = {REQUEST[name]: size for name, size in action.sizes.items()}
        try:
            autoscaling.update_auto_scaling_group(AutoScalingGroupName=action.group, **sizes)
        except ClientError as error:
            log.warning("The scheduled action %s of %s failed: %s", action.name, action.group, error)

    def _forget(self, action: Any) -> None:
        """An action that comes no more is gone."""
        autoscaling = self._clients.get("autoscaling", action.account, action.region)
        try:
            autoscaling.delete_scheduled_action(
                AutoScalingGroupName=action.group, ScheduledActionName=action.name
            )
        except ClientError as error:
            log.info("The scheduled action %s went meanwhile: %s", action.name, error)
        self._documents.delete(DONE, action.key)
