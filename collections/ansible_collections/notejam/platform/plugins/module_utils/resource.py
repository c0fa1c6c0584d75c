# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The base of the collection's AWS modules: describe, compare, then create, update or delete.

A module subclasses Resource with one method for each API concern and calls reconcile(), which owns check
mode, the predicted result, the diff, tags, waiting and error messages. A creation that was cut short is
seen by the next run as a difference, so it goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.tagging import compare_aws_tags
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.compare import declared, holds, merged
from ansible_collections.notejam.platform.plugins.module_utils.timeline import Timeline
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN

if TYPE_CHECKING:
    from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

State = dict[str, Any]
CONCEALED = "(secret)"


def argument_spec(**own: Any) -> dict[str, Any]:
    """The module's own options and those of every resource: state, tags, purge_tags, wait, wait_timeout."""
    common = {
        "tags": {"type": "dict", "aliases": ["resource_tags"]},
        "purge_tags": {"type": "bool", "default": True},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 1800},
    }
    return untagged_argument_spec(**common | own)


def untagged_argument_spec(**own: Any) -> dict[str, Any]:
    """The same for what AWS gives no tags, and what is there at once: the module's own options and state."""
    return {"state": {"choices": ["present", "absent"], "default": "present"}, **own}


class Resource:
    """One AWS resource. States are dicts with snake_case keys; `tags` is a dict of strings."""

    name: ClassVar[str]
    """Key of the result, and the word for the resource in messages, such as "cluster"."""
    immutable: ClassVar[frozenset[str]] = frozenset()
    """Keys that AWS cannot change in place; a task that asks for another value fails."""
    computed: ClassVar[frozenset[str]] = frozenset()
    """Keys that only AWS gives, such as "arn": unknown in the plan of a creation."""
    secret: ClassVar[frozenset[str]] = frozenset()
    """Keys whose values appear in no result and no diff."""
    comparisons: ClassVar[Mapping[str, Callable[[Any, Any], bool]]] = {}
    """How to compare a key, called with what is and what is declared (see compare.py); else by `holds`."""

    def __init__(self, module: AnsibleAWSModule) -> None:
        self.module = module
        self.params: dict[str, Any] = module.params
        self.timeline = Timeline()
        self._clients: dict[str, Any] = {}

    @property
    def identity(self) -> str:
        """What tells this resource from others of its kind, for messages and diffs."""
        return str(self.params.get("name") or "")

    @property
    def label(self) -> str:
        """Kind and identity, for messages, diffs and the timeline."""
        return f"{self.name} {self.identity}".strip()

    def client(self, service: str) -> Any:
        """The service's client, with retries; made once."""
        if service not in self._clients:
            self._clients[service] = client(self.module, service)
        return self._clients[service]

    def declared(self, *keys: str) -> State:
        """Those of the module's options that the task gives."""
        return dict(declared({key: self.params[key] for key in keys}))

    def describe(self) -> State | None:
        """The state in AWS; None when there is none, or when it is on its way out."""
        raise AssertionError(f"{type(self).__name__} does not define describe()")

    def desired(self) -> State:
        """What the task declares, in the keys and shapes of describe()."""
        raise AssertionError(f"{type(self).__name__} does not define desired()")

    def create(self, desired: State) -> None:
        """Ask for the resource, with its tags."""
        raise AssertionError(f"{type(self).__name__} does not define create()")

    def refuse(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        """Raise AnsibleAWSError for changes that AWS would refuse; asked in check mode, too."""

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        """Apply the changed keys, each with its old and new value; tags come to tag() and untag()."""
        raise AssertionError(f"{type(self).__name__} cannot change {', '.join(changes)}")

    def consequences(self, current: State, changes: dict[str, tuple[Any, Any]]) -> list[str]:
        """What people should know: that a change restarts something, or that it waits for their doing.

        One sentence each, said as warnings by the plan and by the run that makes the changes, if any. Raises
        AnsibleAWSError for changes that are not to be made.
        """
        return []

    def retained(self, current: State) -> str | None:
        """Why the resource is not to be deleted, such as what it holds for good; None when it is.

        Asked before a deletion, which then does not happen, fails nothing and is said in the result's `kept`.
        """
        return None

    def delete(self, current: State) -> None:
        """Ask for the deletion."""
        raise AssertionError(f"{type(self).__name__} does not define delete()")

    def tag(self, current: State, tags: dict[str, str]) -> None:
        """Set these tags, leaving the others."""
        raise AssertionError(f"{type(self).__name__} does not define tag()")

    def untag(self, current: State, keys: list[str]) -> None:
        """Remove the tags of these keys."""
        raise AssertionError(f"{type(self).__name__} does not define untag()")

    def wait(self, state: str) -> None:
        """Return once the resource is ready for use ("present") or gone ("absent").

        Called after a change, and without one while settled() is false: an earlier run may have been killed
        waiting.
        """

    def settled(self, current: State) -> bool:
        """Whether an unchanged resource needs no wait(); overriding it saves polls and a describe()."""
        return type(self).wait is Resource.wait


def reconcile(resource: Resource) -> None:
    """Bring the resource to what the task declares, or say what that would take, and end the module."""
    module = resource.module
    try:
        result = (_present if resource.params["state"] == "present" else _absent)(resource)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=resource.label)
    module.exit_json(**result, **resource.timeline.result())


def _present(resource: Resource) -> dict[str, Any]:
    desired = resource.desired()
    current = resource.describe()
    changes = {} if current is None else _changes(resource, current, desired)
    if current is None:
        predicted = dict.fromkeys(sorted(resource.computed), UNKNOWN) | desired
    else:
        predicted = current | {key: new for key, (_old, new) in changes.items()}
        for consequence in resource.consequences(current, changes):
            resource.module.warn(f"{resource.name} {resource.identity}: {consequence}")
    if resource.module.check_mode:
        return _result(resource, current, predicted, predicted)

    if current is None:
        resource.create(desired)
        if type(resource).wait is not Resource.wait:
            resource.timeline.asked(resource.label)
    elif changes:
        _update(resource, current, changes)
    elif not resource.params.get("wait") or resource.settled(current):
        return _result(resource, current, predicted, current)
    if resource.params.get("wait"):
        with resource.timeline.wait(resource.label):
            resource.wait("present")
    return _result(resource, current, predicted, resource.describe())


def _absent(resource: Resource) -> dict[str, Any]:
    current = resource.describe()
    if current is not None and (reason := resource.retained(current)):
        kept = f"{resource.name} {resource.identity} stays: {reason}."
        resource.module.warn(kept)
        return {**_result(resource, current, current, current), "kept": kept}
    if not resource.module.check_mode:
        if current is not None:
            resource.delete(current)
        if resource.params.get("wait"):
            resource.wait("absent")
    return _result(resource, current, None, None)


def _changes(resource: Resource, current: State, desired: State) -> dict[str, tuple[Any, Any]]:
    """The declared keys that differ, each with its old value and its new one in full."""
    changes: dict[str, tuple[Any, Any]] = {}
    for key, wanted in desired.items():
        old = current.get(key)
        if key == "tags":
            to_set, to_unset = compare_aws_tags(old or {}, wanted, resource.params["purge_tags"])
            if to_set or to_unset:
                kept = {name: value for name, value in (old or {}).items() if name not in to_unset}
                changes[key] = (old, kept | to_set)
            continue
        compare = resource.comparisons.get(key, holds)
        if not compare(old, wanted):
            changes[key] = (old, merged(old, wanted) if compare is holds else wanted)
    for key in sorted(resource.immutable & changes.keys()):
        old, new = (CONCEALED, CONCEALED) if key in resource.secret else changes[key]
        raise AnsibleAWSError(
            message=f"{resource.name} {resource.identity}: {key} is {old!r} and the task asks for {new!r}, "
            f"but AWS cannot change it in place. Declare {old!r} again, or delete the {resource.name} "
            "(state: absent) and run again to have it made anew."
        )
    resource.refuse(current, changes)
    return changes


def _update(resource: Resource, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
    properties = {key: change for key, change in changes.items() if key != "tags"}
    if properties:
        resource.update(current, properties)
    if "tags" in changes:
        old_tags, new_tags = changes["tags"]
        to_set, to_unset = compare_aws_tags(old_tags or {}, new_tags, True)
        if to_set:
            resource.tag(current, to_set)
        if to_unset:
            resource.untag(current, to_unset)


def _result(resource: Resource, before: State | None, predicted: State | None, state: State | None) -> State:
    shown_before, shown_after = _diff(resource, before or {}, predicted or {})
    diff = {
        "before": shown_before,
        "after": shown_after,
        "before_header": f"{resource.label} (as it is)",
        "after_header": f"{resource.label} (as declared)",
    }
    visible = None if state is None else {key: state[key] for key in state if key not in resource.secret}
    return {"changed": shown_before != shown_after, "diff": diff, resource.name: visible}


def _diff(resource: Resource, before: State, after: State) -> tuple[State, State]:
    """Both states as they may be shown: without the secrets, but not hiding that one changes."""
    shown = ({**before}, {**after})
    for key in resource.secret:
        new = CONCEALED if before.get(key) == after.get(key) else "(secret, new value)"
        for state, note in zip(shown, (CONCEALED, new), strict=True):
            if key in state:
                state[key] = note
    return shown
