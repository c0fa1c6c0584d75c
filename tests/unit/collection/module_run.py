"""Runs a module of the collection in this process, as Ansible would: arguments in, its printed result out."""

from __future__ import annotations

import contextlib
import io
import json
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args


def run_module(module: ModuleType, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """The module's result; `failed` is in it when it failed."""
    arguments = {**options, "_ansible_check_mode": check_mode, "_ansible_diff": True}
    printed = io.StringIO()
    with (
        patch_module_args(arguments),
        contextlib.redirect_stdout(printed),
        pytest.raises(SystemExit),
    ):
        module.main()
    result: dict[str, Any] = json.loads(printed.getvalue())
    result.pop("invocation", None)
    return result
