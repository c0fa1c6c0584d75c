# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How a module is run: in Ansible's own worker where that is the same, and planned in check mode.

Replaces `ansible.legacy.normal` (ansible.cfg: action_plugins). Anything but a local Python module of
COLLECTIONS, run by the interpreter of the playbook, takes Ansible's own way.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from ansible import constants as C
from ansible.parsing.plugin_docs import read_docstring
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash
from ansible_collections.notejam.platform.plugins.module_utils.unknown import holds_unknown
from ansible_collections.notejam.platform.plugins.plugin_utils import in_worker, plan

COLLECTIONS = ("amazon.aws.", "community.aws.", "kubernetes.core.", "notejam.platform.")
display = Display()


class ActionModule(ActionBase):
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        plans = self._task.check_mode and not self._task.async_val and self._module(self._task.action)
        if plans and holds_unknown(self._task.args):
            return merge_hash(result, self._planned(*plans))

        result = merge_hash(
            result, self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
        )
        if self._task.action in C._ACTION_SETUP:
            result["_ansible_verbose_override"] = True
        if not self._task.async_val:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        if plans and result.get("changed") and not result.get("failed"):
            return self._completed(result, *plans)
        return result

    def _completed(self, result: dict[str, Any], module: str, path: str) -> dict[str, Any]:
        """The module's own prediction, with what it leaves out of its documented result, and with a diff."""
        if not self._deletes():
            result = plan.completed(result, plan.shape(self._returns(path)))
        if self._task.diff and not result.get("diff"):
            with contextlib.suppress(in_worker.ModuleWithoutOptions):
                specification = in_worker.options(module)
                result["diff"] = plan.declared(self._task.args, specification, self._task.action, "not told")
        return result

    def _planned(self, module: str, path: str) -> dict[str, Any]:
        """The predicted result of a task whose arguments hold an unknown."""
        shape = plan.shape(self._returns(path))
        if module.endswith(("_info", "_facts")):
            return {**shape, "changed": False}
        try:
            specification = in_worker.options(module)
        except in_worker.ModuleWithoutOptions:
            # Without them nobody can tell which arguments are secrets.
            return {**shape, "changed": True}
        if strangers := plan.unsupported(self._task.args, specification):
            return {
                "failed": True,
                "msg": f"{self._task.action} has no option {', '.join(strangers)}; "
                f"it has {', '.join(sorted(specification))}.",
            }
        diff = plan.declared(self._task.args, specification, self._task.action, "not known yet")
        return {**({} if self._deletes() else shape), "changed": True, "diff": diff}

    def _deletes(self) -> bool:
        return self._task.args.get("state") == "absent"

    @staticmethod
    def _returns(path: str) -> dict[str, Any] | None:
        returns: dict[str, Any] | None = read_docstring(path, verbose=False)["returndocs"]
        return returns

    def _module(self, name: str) -> tuple[str, str] | None:
        """The full Python name and the file of a module of COLLECTIONS; None for any other."""
        found = self._shared_loader_obj.module_loader.find_plugin_with_context(
            name, collection_list=self._task.collections
        )
        resolved, path = found.resolved_fqcn, found.plugin_resolved_path
        if not found.resolved or not resolved.startswith(COLLECTIONS) or not path.endswith(".py"):
            return None
        namespace, collection, module = resolved.split(".", 2)
        return f"ansible_collections.{namespace}.{collection}.plugins.modules.{module}", path

    def _runs_here(self, task_vars: dict[str, Any]) -> bool:
        """Whether Ansible would run a module as a plain child of this process, with the same interpreter."""
        if self._connection.transport not in ("local", "ansible.builtin.local") or self._connection.become:
            return False
        if self._task.delegate_to:
            task_vars = task_vars["ansible_delegated_vars"][self._task.delegate_to]
        interpreter = C.config.get_config_value("INTERPRETER_PYTHON", variables=task_vars)
        return bool(self._templar.template(interpreter) == sys.executable)

    def _execute_module(
        self,
        module_name: str | None = None,
        module_args: dict[str, Any] | None = None,
        tmp: str | None = None,
        task_vars: dict[str, Any] | None = None,
        persist_files: bool = False,
        delete_remote_tmp: bool | None = None,
        wrap_async: bool = False,
        ignore_unknown_opts: bool = False,
    ) -> dict[str, Any]:
        name = module_name or self._task.action
        variables = task_vars or {}
        module = None if wrap_async or self._task.async_val else self._module(name)
        if module is None or not self._runs_here(variables):
            return dict(
                super()._execute_module(
                    module_name=module_name,
                    module_args=module_args,
                    tmp=tmp,
                    task_vars=task_vars,
                    persist_files=persist_files,
                    delete_remote_tmp=delete_remote_tmp,
                    wrap_async=wrap_async,
                    ignore_unknown_opts=ignore_unknown_opts,
                )
            )
        arguments = dict(self._task.args if module_args is None else module_args)
        self._update_module_args(name, arguments, variables, ignore_unknown_opts=ignore_unknown_opts)
        environment: dict[str, str] = {}
        self._compute_environment_string(environment)
        display.vvv(f"Running module file {module[1]} in this worker", host=self._play_context.remote_addr)
        output = in_worker.run(module[0], arguments, environment, self._loader.get_basedir())
        result = self._parse_returned_data(output, in_worker.PROFILE)
        result.remove_internal_keys()
        return dict(result.as_result_dict(for_round_trip=True))
