# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the sites of one environment must be together: one is primary, each has its region and its range."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.notejam.platform.plugins.plugin_utils.variables import Role, Template, set_where

# What every site of an environment has in common.
SHARED = ("platform_environment", "platform_account_id", "platform_domain")


class Sites:
    """The sites of an environment, by name; their variables as they were written."""

    def __init__(
        self,
        variables: Mapping[str, Mapping[str, Any]],
        groups: Mapping[str, Sequence[str]],
        roles: Iterable[Role],
        template: Template,
    ) -> None:
        defaults = {name: value for role in roles for name, value in role.defaults.items()}
        self._values = {site: {**defaults, **own} for site, own in variables.items()}
        self._groups = groups
        self._template = template

    def contradictory(self, site: str, told: Iterable[str]) -> list[str]:
        """What stands between this site and the others; nothing of the variables in `told`."""
        if not any(site in self._groups.get(group, ()) for group in ("primary", "standby")):
            return []
        others = [other for other in self._values if other != site]
        checks = {
            "platform_region": [*self._primary(), *self._name(site), *self._regions(site, others)],
            "network_vpc_cidr": self._ranges(site, others),
        }
        shared = {name: self._shared(name, site, others) for name in SHARED}
        told = set(told)
        return [
            failure
            for name, failures in {**checks, **shared}.items()
            if name not in told
            for failure in failures
        ]

    def _value(self, site: str, name: str) -> str:
        """The value as text; empty where it is not there or cannot be worked out, which is told elsewhere."""
        try:
            return str(self._template(self._values[site].get(name, ""), self._values[site]))
        except AnsibleError:
            return ""

    def _told(self, site: str, name: str) -> str:
        where = set_where(self._values[site].get(name, ""), name)
        return f"{name} of {site} ({where}) is {self._value(site, name)}"

    def _primary(self) -> list[str]:
        primary = list(self._groups.get("primary", ()))
        if len(primary) == 1:
            return []
        listed = ", ".join(self._told(site, "platform_region") for site in primary or self._values)
        count = f"has {len(primary)} sites" if primary else "has no site"
        return [f"The group primary {count}, but one site of an environment is primary: {listed}."]

    def _name(self, site: str) -> list[str]:
        environment, region = (self._value(site, f"platform_{name}") for name in ("environment", "region"))
        name = f"{environment}_{region}".replace("-", "_")
        if not (environment and region) or site == name:
            return []
        return [f"{self._told(site, 'platform_region')}, so the site must be named {name}."]

    def _regions(self, site: str, others: list[str]) -> list[str]:
        region = self._value(site, "platform_region")
        return [
            f"{self._told(site, 'platform_region')}, and so {self._told(other, 'platform_region')}. "
            "Each site has a region of its own."
            for other in others
            if region and self._value(other, "platform_region") == region
        ]

    def _ranges(self, site: str, others: list[str]) -> list[str]:
        """The ranges of two sites that are ever to be joined cannot overlap.

        https://docs.aws.amazon.com/vpc/latest/peering/invalid-peering-configurations.html
        """
        failures = []
        for other in others:
            try:
                own, its = (ip_network(self._value(one, "network_vpc_cidr")) for one in (site, other))
            except ValueError:
                continue
            if own.overlaps(its):
                failures.append(
                    f"{self._told(site, 'network_vpc_cidr')}, which overlaps: "
                    f"{self._told(other, 'network_vpc_cidr')}. Give each site a range of its own."
                )
        return failures

    def _shared(self, name: str, site: str, others: list[str]) -> list[str]:
        value = self._value(site, name)
        return [
            f"{self._told(site, name)}, but {self._told(other, name)}. "
            "The sites of an environment have it in common."
            for other in others
            if value and self._value(other, name) not in ("", value)
        ]
