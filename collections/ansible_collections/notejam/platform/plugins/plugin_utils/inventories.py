# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Checks an inventory as a whole: each variable by itself, all together, and the sites side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.notejam.platform.plugins.plugin_utils.sites import Sites
from ansible_collections.notejam.platform.plugins.plugin_utils.variables import (
    Role,
    Template,
    contradictory,
    malformed,
    strangers,
)


def failures(
    variables: Mapping[str, Any],
    others: Mapping[str, Mapping[str, Any]],
    roles: Iterable[Role],
    template: Template,
) -> list[str]:
    """What stands against a site, by its variables and those of the environment's other sites, as written."""
    roles = list(roles)
    told = malformed(variables, roles, template)
    sites = Sites(
        {variables["inventory_hostname"]: variables, **others}, variables["groups"], roles, template
    )
    return [
        *strangers(variables, roles),
        *(failure for failure in told.values() if failure),
        *contradictory(variables, roles, template, told),
        *sites.contradictory(variables["inventory_hostname"], told),
    ]
