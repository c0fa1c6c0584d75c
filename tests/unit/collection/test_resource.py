"""The base of the AWS modules: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.notejam.platform.plugins.module_utils.resource import argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN

from .fake_resource import Ended, FakeModule, Shelf

Store = dict[str, dict[str, Any]]
OAK = {"name": "a", "material": "oak", "books": ["x", "y"], "options": {"doors": 2}, "combination": "1234"}


def run(store: Store, check_mode: bool = False, **params: Any) -> tuple[dict[str, Any], list[str]]:
    options = {"material": None, "books": None, "options": None, "combination": None, **params}
    resource = Shelf(FakeModule(check_mode, **options), store)
    with pytest.raises(Ended) as ended:
        reconcile(resource)
    return ended.value.result, resource.calls


@pytest.fixture
def store() -> Store:
    return {}


@pytest.fixture
def oak(store: Store) -> Store:
    run(store, **OAK, tags={"a": "1", "b": "2"})
    return store


def test_creates_once(store: Store) -> None:
    planned, calls = run(store, check_mode=True, **OAK)
    assert (planned["changed"], calls, store) == (True, [], {})

    done, calls = run(store, **OAK)
    assert (done["changed"], calls) == (True, ["create"])
    assert done["shelf"]["arn"] == "arn:aws:shelf:1"

    assert run(store, check_mode=True, **OAK) == (run(store, **OAK)[0], [])
    assert run(store, **OAK)[0]["changed"] is False


def test_the_plan_of_a_creation_shows_what_only_aws_will_tell(store: Store) -> None:
    planned, _calls = run(store, check_mode=True, **OAK)
    assert planned["shelf"]["arn"] == UNKNOWN
    assert planned["shelf"]["books"] == ["x", "y"]
    assert planned["diff"]["before"] == {}
    assert planned["diff"]["after"]["arn"] == UNKNOWN


def test_changes_only_what_differs(oak: Store) -> None:
    wanted = {**OAK, "options": {"doors": 3}}
    planned, calls = run(oak, check_mode=True, **wanted)
    assert (planned["changed"], calls) == (True, [])
    assert planned["diff"]["before"]["options"] == {"doors": 2}
    assert planned["diff"]["after"]["options"] == {"doors": 3}

    done, calls = run(oak, **wanted)
    assert (done["changed"], calls) == (True, ["update options"])
    assert planned["shelf"] == done["shelf"]
    assert run(oak, **wanted) == (run(oak, check_mode=True, **wanted)[0], [])


def test_what_aws_adds_to_a_dict_is_no_difference(oak: Store) -> None:
    oak["a"]["options"] = {"doors": 2, "hinges": "brass"}
    assert run(oak, **OAK)[0]["changed"] is False
    run(oak, **OAK | {"options": {"doors": 4}})
    assert oak["a"]["options"] == {"doors": 4, "hinges": "brass"}


def test_the_order_of_an_unordered_list_is_no_difference(oak: Store) -> None:
    assert run(oak, **OAK | {"books": ["y", "x"]})[0]["changed"] is False
    assert run(oak, **OAK | {"books": ["y"]})[1] == ["update books"]


def test_an_option_left_out_is_left_alone(oak: Store) -> None:
    assert run(oak, name="a")[0]["changed"] is False
    assert oak["a"]["material"] == "oak"


def test_an_immutable_key_fails_in_the_plan_and_in_the_run(oak: Store) -> None:
    for check_mode in (True, False):
        result, calls = run(oak, check_mode=check_mode, **OAK | {"material": "pine"})
        assert result["failed"]
        assert calls == []
        assert "shelf a: material is 'oak' and the task asks for 'pine'" in result["msg"]
        assert "state: absent" in result["msg"]


def test_what_the_resource_refuses_fails_in_the_plan_and_in_the_run(oak: Store) -> None:
    class Picky(Shelf):
        def refuse(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
            if "books" in changes:
                raise AnsibleAWSError(message=f"no other books than {current['books']}")

    for check_mode in (True, False):
        resource = Picky(FakeModule(check_mode, **OAK | {"books": ["z"]}), oak)
        with pytest.raises(Ended) as ended:
            reconcile(resource)
        assert ended.value.result["msg"] == "no other books than ['x', 'y']"
        assert resource.calls == []


@pytest.mark.parametrize(
    ("tags", "purge", "calls"),
    [
        ({"a": "1", "b": "2"}, True, []),
        ({"a": "1"}, False, []),
        ({"a": "9", "b": "2"}, True, ["tag a"]),
        ({"a": "1", "c": "3"}, True, ["tag c", "untag b"]),
        ({"a": "1", "c": "3"}, False, ["tag c"]),
        ({}, True, ["untag a b"]),
    ],
)
def test_tags(oak: Store, tags: dict[str, str], purge: bool, calls: list[str]) -> None:
    planned, nothing = run(oak, check_mode=True, **OAK, tags=tags, purge_tags=purge)
    done, made = run(oak, **OAK, tags=tags, purge_tags=purge)
    assert (made, nothing) == (calls, [])
    assert planned["changed"] == done["changed"] == bool(calls)
    assert planned["shelf"]["tags"] == done["shelf"]["tags"]
    assert run(oak, **OAK, tags=tags, purge_tags=purge)[1] == []


def test_tags_reserved_by_aws_stay(oak: Store) -> None:
    oak["a"]["tags"]["aws:cloudformation:stack-name"] = "s"
    assert run(oak, **OAK, tags={"a": "1", "b": "2"})[0]["changed"] is False


def test_a_secret_is_nowhere_in_the_result_but_its_change_is_told(oak: Store) -> None:
    result, _calls = run(oak, check_mode=True, **OAK | {"combination": "9999"})
    assert result["changed"]
    assert "1234" not in repr(result)
    assert "9999" not in repr(result)
    assert result["diff"]["after"]["combination"] == "(secret, new value)"


def test_deletes_once(oak: Store) -> None:
    planned, calls = run(oak, check_mode=True, name="a", state="absent")
    assert (planned["changed"], calls, list(oak)) == (True, [], ["a"])
    done, calls = run(oak, name="a", state="absent")
    assert (done["changed"], done["shelf"], calls, oak) == (True, None, ["delete"], {})
    for check_mode in (True, False):
        result, calls = run(oak, check_mode=check_mode, name="a", state="absent")
        assert (result["changed"], calls) == (False, [])


class Waiting(Shelf):
    """A shelf that is not ready for use at once."""

    def wait(self, state: str) -> None:
        self.calls.append(f"wait {state}")

    def settled(self, current: dict[str, Any]) -> bool:
        return current.get("status") == "ACTIVE"


def test_waits_for_a_creation_that_an_earlier_run_asked_for() -> None:
    store: Store = {"a": {"name": "a", "status": "CREATING", "tags": {}}}
    nothing = {"material": None, "books": None, "options": None, "combination": None}

    def calls(**params: Any) -> list[str]:
        resource = Waiting(FakeModule(**{"name": "a", **nothing, **params}), store)
        with pytest.raises(Ended):
            reconcile(resource)
        return resource.calls

    assert calls(wait=False) == []
    assert calls(check_mode=True) == []
    assert calls() == ["wait present"]
    store["a"]["status"] = "ACTIVE"
    assert calls() == []
    assert calls(tags={"a": "1"}) == ["tag a", "wait present"]


def test_what_a_change_brings_is_said_in_the_plan_and_in_the_run() -> None:
    class Heavy(Shelf):
        def consequences(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> list[str]:
            return [f"books fall down for {key}." for key in changes]

    options = {"name": "a", "material": None, "options": {"height": 2}, "combination": None}
    for check_mode in (True, False):
        module = FakeModule(check_mode, books=["b"], **options)
        store: Store = {"a": {"name": "a", "books": [], "options": {"height": 2}, "tags": {}}}
        with pytest.raises(Ended):
            reconcile(Heavy(module, store))
        assert module.warnings == ["shelf a: books fall down for books."]
    module = FakeModule(books=["b"], **options)
    with pytest.raises(Ended):
        reconcile(Heavy(module, store))
    assert module.warnings == []
    module = FakeModule(books=["b"], **options)
    with pytest.raises(Ended):
        reconcile(Heavy(module, {}))  # a creation changes nothing that is there
    assert module.warnings == []


def test_what_must_be_retained_stays_and_is_named() -> None:
    class Full(Shelf):
        def retained(self, current: dict[str, Any]) -> str | None:
            return "it holds books" if current.get("books") else None

    store: Store = {"a": {"name": "a", "books": ["b"], "tags": {}}}
    nothing = {"material": None, "books": None, "options": None, "combination": None}
    for check_mode in (True, False):
        module = FakeModule(check_mode, name="a", state="absent", **nothing)
        with pytest.raises(Ended) as ended:
            reconcile(Full(module, store))
        assert ended.value.result["kept"] == "shelf a stays: it holds books."
        assert not ended.value.result["changed"]
        assert module.warnings == ["shelf a stays: it holds books."]
    assert store["a"]["books"] == ["b"]
    store["a"]["books"] = []
    with pytest.raises(Ended) as ended:
        reconcile(Full(FakeModule(name="a", state="absent", **nothing), store))
    assert ended.value.result["changed"]
    assert store == {}


def test_errors_name_the_resource() -> None:
    class Broken(Shelf):
        def describe(self) -> dict[str, Any] | None:
            raise AnsibleAWSError(message="Failed to describe the shelf")

    resource = Broken(FakeModule(name="a", material=None, books=None, options=None, combination=None), {})
    with pytest.raises(Ended) as ended:
        reconcile(resource)
    assert ended.value.result == {"failed": True, "msg": "Failed to describe the shelf"}


def test_own_options_come_beside_the_common_ones() -> None:
    spec = argument_spec(name={"required": True}, wait_timeout={"type": "int", "default": 60})
    assert spec["name"] == {"required": True}
    assert spec["wait_timeout"]["default"] == 60
    assert {"state", "tags", "purge_tags", "wait"} <= spec.keys()
