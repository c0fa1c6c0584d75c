"""What must be listed by hand is listed in full."""

from __future__ import annotations

import yaml
from ansible_collections.notejam.platform.plugins.modules.site_info import COMPONENTS

from .conftest import COLLECTIONS

COLLECTION = COLLECTIONS / "ansible_collections" / "notejam" / "platform"


def names(folder: str) -> set[str]:
    return {path.stem for path in (COLLECTION / "plugins" / folder).glob("[a-z]*.py")}


def test_every_aws_module_takes_the_plays_region() -> None:
    runtime = yaml.safe_load((COLLECTION / "meta" / "runtime.yml").read_text())
    listed = {module for module in runtime["action_groups"]["aws"] if isinstance(module, str)}
    on_aws = {
        name
        for name in names("modules")
        if "amazon.aws.region.modules" in (COLLECTION / "plugins" / "modules" / f"{name}.py").read_text()
    }
    assert on_aws <= listed


def test_every_component_of_a_site_is_discovered() -> None:
    assert set(COMPONENTS) == names("module_utils/site")
