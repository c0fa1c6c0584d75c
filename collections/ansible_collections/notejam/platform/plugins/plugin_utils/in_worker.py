# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs an Ansible module in this process as AnsiballZ would in a new one.

ansible-core has no public way to do so; what is used here is what its own AnsiballZ wrapper uses, in the
version that uv.lock pins: ansible.module_utils._internal._ansiballz._loader.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import runpy
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

from ansible.module_utils import _internal, basic
from ansible.module_utils._internal._ansiballz import _loader
from ansible.module_utils.common import warnings
from ansible.module_utils.common.json import Direction, get_module_encoder

PROFILE = "legacy"  # The form of arguments and results of every Python module.


def run(
    module: str, arguments: dict[str, Any], environment: Mapping[str, str], directory: str
) -> dict[str, Any]:
    """Run the module of this full Python name; what a new process would have printed, and its exit code.

    `arguments` are those of the task with Ansible's own (`_ansible_*`). The process is left as it was: its
    environment, working directory, streams, and the state of ansible.module_utils.
    """
    stdout, stderr = io.StringIO(), io.StringIO()
    with tempfile.TemporaryDirectory(prefix="ansible-module-") as temporary:
        encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
        parameters = json.dumps(
            {"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_tmpdir": temporary}}, cls=encoder
        ).encode()
        with (
            _process_state(environment, directory),
            _module_state(),
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            try:
                _loader.run_module(
                    json_params=parameters, profile=PROFILE, module_fqn=module, modlib_path="", extensions={}
                )
            except SystemExit as end:
                code = end.code
            else:
                code = 0
    return {"rc": _exit_status(code), "stdout": stdout.getvalue(), "stderr": stderr.getvalue()}


def options(module: str) -> dict[str, dict[str, Any]]:
    """The module's argument_spec, by running it up to where it makes its AnsibleModule.

    Raises ModuleWithoutOptions when the module ends before.
    """

    def give(_self: basic.AnsibleModule, argument_spec: dict[str, Any], *_args: Any, **_kwargs: Any) -> None:
        raise _Options(argument_spec)

    with (
        mock.patch.object(basic.AnsibleModule, "__init__", give),
        _process_state({}, os.getcwd()),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        try:
            runpy.run_module(
                module, {"_module_fqn": module, "_modlib_path": ""}, run_name="__main__", alter_sys=True
            )
        except _Options as found:
            return found.specification
        except (Exception, SystemExit) as error:
            raise ModuleWithoutOptions(module) from error
    raise ModuleWithoutOptions(module)


class ModuleWithoutOptions(Exception):
    """The module shows no argument_spec."""


class _Options(BaseException):
    """Carries the argument_spec out of the module, past any `except Exception` in it."""

    def __init__(self, specification: dict[str, dict[str, Any]]) -> None:
        super().__init__()
        self.specification = specification


def _exit_status(code: object) -> int:
    """The exit status of a process that ends by SystemExit with this code."""
    if code is None:
        return 0
    return code if isinstance(code, int) else 1


@contextlib.contextmanager
def _process_state(environment: Mapping[str, str], directory: str) -> Iterator[None]:
    """The task's environment and directory for a while, then all that a module may have changed, restored."""
    variables, cwd, arguments, path = dict(os.environ), os.getcwd(), sys.argv[:], sys.path[:]
    umask = os.umask(0)
    os.umask(umask)
    os.environ.update({name: str(value) for name, value in environment.items()})
    os.chdir(directory)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(cwd)
        os.umask(umask)
        sys.argv[:], sys.path[:] = arguments, path


@contextlib.contextmanager
def _module_state() -> Iterator[None]:
    """ansible.module_utils as in a module's own process: warnings go into the result, not to the display."""
    with (
        mock.patch.object(_internal, "is_controller", False),
        mock.patch.multiple(warnings, _global_warnings={}, _global_deprecations={}),
        mock.patch.multiple(basic, _ANSIBLE_ARGS=None, _ANSIBLE_PROFILE=None, _PARSED_MODULE_ARGS=None),
    ):
        yield
