"""The threads in which the emulated AWS does things by itself."""

import logging
import threading

import pytest

from sandbox.aws.rounds import Rounds

PATIENCE = 10  # seconds


class Failing(Rounds):
    """Fails in its first round, and tells of its third."""

    def __init__(self) -> None:
        super().__init__("failing", 0.01)
        self.rounds = 0
        self.went_on = threading.Event()

    def step(self) -> None:
        self.rounds += 1
        if self.rounds == 1:
            raise OSError("the address is taken")
        if self.rounds == 3:
            self.went_on.set()


def test_a_round_that_fails_is_told_and_ends_none_after_it(caplog: pytest.LogCaptureFixture) -> None:
    rounds = Failing()
    with caplog.at_level(logging.ERROR):
        rounds.start()
        assert rounds.went_on.wait(PATIENCE)
        rounds.stop()
    assert "A round of failing failed" in caplog.text
    assert "the address is taken" in caplog.text


def test_after_stop_no_round_is_begun() -> None:
    rounds = Failing()
    rounds.start()
    assert rounds.went_on.wait(PATIENCE)
    rounds.stop()
    assert "failing" not in {thread.name for thread in threading.enumerate()}
