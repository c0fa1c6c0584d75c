"""Runs a module as Ansible does, and tells its result and the AWS operations it called."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from dataclasses import dataclass
from typing import Any

import botocore.client
import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

PACKAGE = "ansible_collections.notejam.platform.plugins.modules."
EMULATORS_OWN = "emulator.invalid"  # calls that an emulated AWS in this process makes within itself
# Operations whose names begin so change nothing in AWS.
READING = ("BatchGet", "Check", "Describe", "Filter", "Get", "Head", "List")


@dataclass
class Run:
    """A module's end."""

    result: dict[str, Any]
    operations: list[str]
    output: str
    warnings: list[str]

    @property
    def changed(self) -> bool:
        return bool(self.result["changed"])

    @property
    def writes(self) -> list[str]:
        return [operation for operation in self.operations if not operation.startswith(READING)]


def run_module(module: str, /, check_mode: bool = False, **options: Any) -> Run:
    """Run the module with the options; check mode and diffs as given."""
    operations: list[str] = []
    warnings: dict[str, None] = {}  # each once: amazon.aws's module gives them to Ansible twice
    call = botocore.client.BaseClient._make_api_call

    def recorded(client: Any, operation: str, parameters: Any) -> Any:
        if not client.meta.endpoint_url.endswith(EMULATORS_OWN):
            operations.append(operation)
        return call(client, operation, parameters)

    output = io.StringIO()
    arguments = {
        "_ansible_check_mode": check_mode,
        "_ansible_diff": True,
        "_ansible_tracebacks_for": [],
        **options,
    }
    with (
        pytest.MonkeyPatch.context() as patch,
        patch_module_args(arguments),
        contextlib.redirect_stdout(output),
        contextlib.suppress(SystemExit),
    ):
        patch.setattr(botocore.client.BaseClient, "_make_api_call", recorded)
        # Ansible gathers them for its process, which is another one for each module.
        patch.setattr(AnsibleModule, "warn", lambda _module, warning, **_: warnings.update({warning: None}))
        importlib.import_module(PACKAGE + module).main()
    return Run(json.loads(output.getvalue()), operations, output.getvalue(), list(warnings))


def four_steps(module: str, /, **options: Any) -> Run:
    """Check, do, check again, do again; the run that did it.

    Asserts that a check writes nothing and predicts the run, and that what was done is done.
    """
    check = run_module(module, check_mode=True, **options)
    done = run_module(module, **options)
    assert check.changed, check.result
    assert check.writes == []
    assert done.changed, done.result
    assert check.result["diff"] == done.result["diff"]
    for check_mode in (True, False):
        again = run_module(module, check_mode=check_mode, **options)
        assert not again.changed, again.result
        assert again.writes == []
        assert again.result["diff"]["before"] == again.result["diff"]["after"]
    return done
