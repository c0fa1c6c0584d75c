"""A resource kept in memory, and a module that ends by an exception, to test the base without AWS."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource


class Ended(Exception):
    """The module's end, with its result."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result)
        self.result = result


class FakeModule:
    """The part of AnsibleAWSModule that the base uses."""

    def __init__(self, check_mode: bool = False, **params: Any) -> None:
        defaults = {"state": "present", "purge_tags": True, "wait": True, "wait_timeout": 5, "tags": None}
        self.params = {**defaults, **params}
        self.check_mode = check_mode
        self.warnings: list[str] = []

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def exit_json(self, **result: Any) -> None:
        raise Ended(result)

    def fail_json(self, **result: Any) -> None:
        raise Ended({"failed": True, **result})

    def fail_json_aws(self, error: Exception, msg: str) -> None:
        self.fail_json(msg=f"{msg}: {error}")

    def fail_json_aws_error(self, error: Any) -> None:
        self.fail_json(msg=error.message)


class Shelf(Resource):
    """A resource with one of each trait: immutable, computed, secret, unordered and tagged."""

    name = "shelf"
    immutable = frozenset({"material"})
    computed = frozenset({"arn"})
    secret = frozenset({"combination"})
    comparisons: ClassVar = {"books": same_items}

    def __init__(self, module: Any, store: dict[str, dict[str, Any]]) -> None:
        super().__init__(module)
        self.store = store
        self.calls: list[str] = []

    def describe(self) -> dict[str, Any] | None:
        found = self.store.get(self.identity)
        return dict(found) if found else None

    def desired(self) -> dict[str, Any]:
        return self.declared("name", "material", "books", "options", "combination", "tags")

    def create(self, desired: dict[str, Any]) -> None:
        self.calls.append("create")
        self.store[self.identity] = {"arn": "arn:aws:shelf:1", "tags": {}, **desired}

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self.calls.append(f"update {' '.join(sorted(changes))}")
        self.store[self.identity] = current | {key: new for key, (_old, new) in changes.items()}

    def delete(self, current: dict[str, Any]) -> None:
        self.calls.append("delete")
        del self.store[self.identity]

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.calls.append(f"tag {' '.join(sorted(tags))}")
        self.store[self.identity]["tags"] = {**self.store[self.identity]["tags"], **tags}

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.calls.append(f"untag {' '.join(sorted(keys))}")
        self.store[self.identity]["tags"] = {
            key: value for key, value in self.store[self.identity]["tags"].items() if key not in keys
        }
