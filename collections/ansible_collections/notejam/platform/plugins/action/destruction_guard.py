# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Refuses a destruction that was not meant, before anything is done.

An action, because only an action sees all variables, where they were written, and the roles' files. Its
documentation is that of the module of the same name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.notejam.platform.plugins.plugin_utils import variables

OPTIONS = {
    "roles": {"type": "path", "required": True},
    "environment": {"type": "str", "default": ""},
}
PROTECTED = ("cluster", "database")


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        inventory = task_vars or {}
        _validation, options = self.validate_argument_spec(argument_spec=OPTIONS)
        unclear = list(_more_than_one(inventory))
        # What only stands against doing it is said in a plan, and does not end it.
        against = [] if unclear else list(self._against(options, inventory))
        if unclear or (against and not self._task.check_mode):
            listed = "\n".join(f"  - {reason}" for reason in unclear or against)
            result.update(failed=True, msg=f"Nothing is destroyed; nothing was changed:\n{listed}")
        elif against:
            result["warnings"] = against
        return result

    def _against(self, options: dict[str, Any], inventory: dict[str, Any]) -> Iterator[str]:
        name = str(self._templar.template(inventory["platform_environment"]))
        typed = options["environment"] or ""
        if not typed:
            yield (
                "No environment was named. Type its name when you are asked for it, or give it by "
                f"-e destroy_environment={name}."
            )
        elif typed != name:
            where = variables.set_where(inventory["platform_environment"], "platform_environment")
            at = f" ({where})" if where else ""
            yield (
                f"destroy_environment is {typed!r}, but this inventory is that of {name}{at}. "
                f"Type {name} if you mean that."
            )
        for role in PROTECTED:
            yield from self._protected(role, Path(options["roles"]), inventory)

    def _protected(self, name: str, folder: Path, inventory: dict[str, Any]) -> Iterator[str]:
        role = variables.Role.load(folder / name, self._loader)
        variable = f"{name}_deletion_protection"
        values = {**role.defaults, **inventory}
        if variable not in values:
            return
        templar = self._templar.copy_with_new_env(available_variables=values)
        if not boolean(templar.template(values[variable])):
            return
        # The name as it was written knows where, even when the value, such as `true`, does not.
        names = {key: key for key in role.defaults} | {key: key for key in inventory}
        where = variables.set_where(values[variable], names[variable])
        at = f" ({where})" if where else ""
        yield (
            f"{variable}{at} is true, so the {name} is protected from deletion. Set it to false in the "
            f"inventory, apply that (site.yml --tags {name}), and destroy the environment then."
        )


def _more_than_one(inventory: dict[str, Any]) -> Iterator[str]:
    """Why it is not clear which environment is meant."""
    sources = [os.path.relpath(source) for source in inventory.get("ansible_inventory_sources") or ()]
    if len(sources) > 1:
        yield (
            f"{len(sources)} inventories were given ({', '.join(sources)}), whose variables are mixed. "
            "One environment is destroyed at a time: give one -i."
        )
        return
    primary = list(inventory.get("groups", {}).get("primary", ()))
    if len(primary) != 1:
        listed = f"{len(primary)} sites ({', '.join(primary)})" if primary else "no site"
        yield (
            f"The group primary of {', '.join(sources)} has {listed}, and an environment has one primary "
            "site. One environment is destroyed at a time: give the folder of one."
        )
