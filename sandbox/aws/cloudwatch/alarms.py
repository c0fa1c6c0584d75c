"""The round in which CloudWatch evaluates its alarms; a change of state is a request like any other.

So the emulator's journal holds it, and the actions that came of it.
"""

import json
import logging
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws import clock
from sandbox.aws.clients import Clients
from sandbox.aws.emulator import Emulator, Moto
from sandbox.aws.rounds import Rounds

log = logging.getLogger(__name__)

PAUSE = 10.0  # seconds between two rounds, which is the shortest period that an alarm can have


class Alarms(Rounds):
    """Evaluates the alarms of every account and region; another emulator than moto does so by itself."""

    def __init__(self, emulator: Emulator, clients: Clients) -> None:
        super().__init__("cloudwatch-alarms", PAUSE)
        self._emulator = emulator
        self._clients = clients

    def step(self) -> int:
        """One round; returns how many alarms changed their state."""
        if not isinstance(self._emulator, Moto):
            return 0
        from sandbox.aws.moto.alarm_data import changes

        now = clock.now()
        due = self._emulator.look(lambda: changes(now))
        for change in due:
            self._set(change)
        return len(due)

    def _set(self, change: Any) -> None:
        cloudwatch = self._clients.get("cloudwatch", change.account, change.region)
        try:
            cloudwatch.set_alarm_state(
                AlarmName=change.name,
                StateValue=change.state,
                StateReason=change.reason,
                StateReasonData=json.dumps(change.data),
            )
        except ClientError as error:
            log.info("Alarm %s went while it was evaluated: %s", change.name, error)
