"""What the callback shows of what a run asked for and waited for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.loader import callback_loader
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN
from ansible_collections.notejam.platform.plugins.plugin_utils.chains import Span, longest_chain

BEGAN = 1_000_000.0


class Screen:
    """Keeps what a callback displays."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def banner(self, text: str) -> None:
        self.shown.append(text)

    def display(self, text: str) -> None:
        self.shown.append(text)


@pytest.fixture
def callback(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The callback as Ansible loads it, in a run that began at BEGAN and ends 1000 s later."""
    moments = iter([BEGAN, BEGAN + 1000])
    monkeypatch.setattr(
        "ansible_collections.notejam.platform.plugins.callback.timeline.time",
        SimpleNamespace(time=lambda: next(moments)),
    )
    made = callback_loader.get("notejam.platform.timeline")
    made.set_options()
    made._display = Screen()
    return made


def tell(callback: Any, task: str, *events: dict[str, Any], host: str = "prod_eu_west_1") -> None:
    """A task ends well with these events in its result; moments count from BEGAN."""
    moments = [
        {key: value if key == "resource" else BEGAN + value for key, value in event.items()}
        for event in events
    ]
    callback.v2_runner_on_ok(
        SimpleNamespace(
            host=SimpleNamespace(get_name=lambda: host),
            task=SimpleNamespace(get_name=lambda: task),
            result={"timeline": moments} if moments else {},
        )
    )


def asked(resource: str, moment: float) -> dict[str, Any]:
    return {"resource": resource, "asked": moment}


def ready(resource: str, moment: float, since: float) -> dict[str, Any]:
    return {"resource": resource, "ready": moment, "waited_since": since}


def greenfield(callback: Any, **host: str) -> None:
    """Asks for cluster and database, and waits for the cluster, its nodes, and the database in turn."""
    tell(callback, "cluster : Ask", asked("cluster prod", 60), **host)
    tell(callback, "database : Ask", asked("rds_cluster prod", 70), **host)
    tell(callback, "cluster : Wait", ready("cluster prod", 660, since=200), **host)
    tell(callback, "cluster : Nodes", asked("nodegroup a", 670), ready("nodegroup a", 820, since=670), **host)
    tell(callback, "secrets : Wait", ready("rds_cluster prod", 900, since=900), **host)


def test_shows_who_waited_and_that_a_chain_is_shorter_than_the_sum(callback: Any) -> None:
    greenfield(callback)
    callback.v2_playbook_on_stats(None)
    assert callback._display.shown == [
        "TIMELINE prod_eu_west_1",
        "  asked   ready    took  waited  resource, and the task that waited for it",
        "   1:00   11:00   10:00    7:40  cluster prod (cluster : Wait)",
        "   1:10  <15:00  <13:50    0:00  rds_cluster prod (nobody had to wait)",
        "  11:10   13:40    2:30    2:30  nodegroup a (cluster : Nodes)",
        "Total 16:40, of which 10:10 waiting.",
        "Longest chain 12:30: cluster prod > nodegroup a.",
        "One after the other, all of these would have taken up to 26:20.",
    ]


def test_each_site_has_its_own(callback: Any) -> None:
    greenfield(callback, host="b")
    greenfield(callback, host="a")
    callback.v2_playbook_on_stats(None)
    assert [line for line in callback._display.shown if line.startswith("TIMELINE")] == [
        "TIMELINE a",
        "TIMELINE b",
    ]


def test_a_run_that_waits_for_nothing_is_silent(callback: Any) -> None:
    tell(callback, "network : Ask", asked("nat_gateway a", 10))
    tell(callback, "cluster : Wait", ready("cluster prod", 30, since=29.9))
    tell(callback, "debug")
    callback.v2_playbook_on_stats(None)
    assert callback._display.shown == []


def test_a_plan_waits_for_nothing(callback: Any) -> None:
    host, task = (SimpleNamespace(get_name=lambda: "a") for _ in range(2))
    callback.v2_runner_on_ok(SimpleNamespace(host=host, task=task, result={"timeline": UNKNOWN}))
    callback.v2_playbook_on_stats(None)
    assert callback._display.shown == []


def test_names_what_nobody_waited_for(callback: Any) -> None:
    tell(callback, "network : Ask", asked("nat_gateway a", 10))
    greenfield(callback)
    callback.v2_playbook_on_stats(None)
    assert "Nobody needed to know when they were ready: nat_gateway a." in callback._display.shown


def test_what_an_earlier_run_asked_for_is_waited_for_from_where_this_one_began_to(callback: Any) -> None:
    tell(callback, "cluster : Wait", ready("cluster prod", 130, since=10))
    callback.v2_playbook_on_stats(None)
    assert "      -    2:10    2:00    2:00  cluster prod (cluster : Wait)" in callback._display.shown


def test_an_arn_is_shown_by_its_end(callback: Any) -> None:
    name = "rotation of secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/database-aB1"
    tell(callback, "secrets : Wait", ready(name, 130, since=10))
    callback.v2_playbook_on_stats(None)
    assert any("  rotation of secret prod/database-aB1 (" in line for line in callback._display.shown)


def test_the_items_of_a_loop_are_told_once(callback: Any) -> None:
    item = SimpleNamespace(
        host=SimpleNamespace(get_name=lambda: "a"),
        task=SimpleNamespace(get_name=lambda: "cluster : Nodes"),
        result={
            "timeline": [asked("nodegroup a", BEGAN), ready("nodegroup a", BEGAN + 9, since=BEGAN)],
        },
    )
    callback.v2_runner_item_on_ok(item)
    item.result = {"results": [item.result]}
    callback.v2_runner_on_ok(item)
    callback.v2_playbook_on_stats(None)
    assert sum("nodegroup a (" in line for line in callback._display.shown) == 1


def span(resource: str, from_: float, to: float, waited: float = 1.0) -> Span:
    return Span(resource, from_, "task", to, waited)


@pytest.mark.parametrize(
    ("spans", "chain"),
    [
        ([], []),
        ([span("a", 0, 10), span("b", 1, 5)], ["a"]),
        ([span("a", 0, 10), span("b", 10, 15), span("c", 1, 14)], ["a", "b"]),
        # Asked for while the first was on its way, so not after it.
        ([span("a", 0, 10), span("b", 9, 20)], ["b"]),
        # Held nobody up, so its bound is no duration.
        ([span("a", 0, 10), span("b", 0, 99, waited=0)], ["a"]),
        ([span("c", 20, 30), span("a", 0, 10), span("b", 10, 20)], ["a", "b", "c"]),
    ],
)
def test_the_longest_chain(spans: list[Span], chain: list[str]) -> None:
    assert [each.resource for each in longest_chain(spans)] == chain
