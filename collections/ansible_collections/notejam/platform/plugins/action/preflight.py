# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Refuses an impossible run before any change, with everything that is wrong at once.

An action, because only an action sees all variables, where they were written, and the roles' files. Its
documentation is that of the module of the same name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.notejam.platform.plugins.plugin_utils import (
    account,
    inventories,
    toolchain,
    variables,
)

OPTIONS = {
    "roles": {"type": "path", "required": True},
    "python": {"type": "str", "required": True},
    "libraries": {"type": "dict", "required": True},
    "programs": {"type": "list", "elements": "str", "required": True},
    "collections": {"type": "list", "elements": "dict", "required": True},
}


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        inventory = task_vars or {}
        _validation, options = self.validate_argument_spec(argument_spec=OPTIONS)

        libraries = toolchain.old_libraries(options["libraries"])
        failures = [
            *toolchain.old_python(options["python"]),
            *libraries,
            *toolchain.missing_programs(options["programs"]),
            *toolchain.other_collections(options["collections"]),
            # The rules of the variables need the libraries themselves.
            *([] if libraries else self._variables(Path(options["roles"]), inventory)),
        ]
        # AWS is asked only for an inventory that can be built.
        failures = failures or self._account(inventory)
        if failures:
            things = "One thing stands" if len(failures) == 1 else f"{len(failures)} things stand"
            site = inventory["inventory_hostname"]
            listed = "\n".join(f"  - {failure}" for failure in failures)
            message = f"{things} against building {site}; nothing was changed:\n{listed}"
            result.update(failed=True, msg=message)
        return result

    def _variables(self, folder: Path, inventory: dict[str, Any]) -> list[str]:
        specs = sorted(folder.glob("*/meta/argument_specs.yml"))
        roles = [variables.Role.load(spec.parents[1], self._loader) for spec in specs]
        groups = inventory["groups"]
        others = {*groups.get("primary", ()), *groups.get("standby", ())} - {inventory["inventory_hostname"]}
        written = {site: inventory["hostvars"].raw_get(site) for site in sorted(others)}

        def template(value: Any, values: Any) -> Any:
            return self._templar.copy_with_new_env(available_variables=values).template(value)

        return inventories.failures(inventory, written, roles, template)

    def _account(self, inventory: dict[str, Any]) -> list[str]:
        """What AWS says of the credentials, and of the account and region that the inventory names."""
        account_id = inventory["platform_account_id"]
        where = variables.set_where(account_id, "platform_account_id")
        region = str(self._templar.template(inventory["platform_region"]))
        return account.failures(
            str(self._templar.template(account_id)), region, f" ({where})" if where else ""
        )
