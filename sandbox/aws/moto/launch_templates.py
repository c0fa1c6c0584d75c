"""EC2's launch templates, as far as moto's differ from AWS's."""

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.responses.launch_templates import LaunchTemplates

from sandbox.aws.patching import add, replace

ITSELF = "launch-template"


def install() -> None:
    """Patch moto, once in a process."""
    _keep_its_tags_out_of_its_versions()
    _tell_its_tags_as_they_are()
    _begin_a_version_with_its_source()


def _keep_its_tags_out_of_its_versions() -> None:
    """The tags of a template are no part of what instances are started from.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
    """

    def create_launch_template(
        self: Any, name: str, description: str, template_data: dict[str, Any], tag_spec: Any
    ) -> Any:
        specifications = template_data.pop("TagSpecifications", [])
        kept = [one for one in specifications if one["ResourceType"] != ITSELF]
        data = {**template_data, "TagSpecifications": kept} if kept else template_data
        return original(self, name, description, data, tag_spec)

    original = replace(EC2Backend, "create_launch_template", create_launch_template)


def _tell_its_tags_as_they_are() -> None:
    """CreateTags and DeleteTags change what DescribeLaunchTemplates tells.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplate.html
    """

    def keep(_template: LaunchTemplate, _tags: Any) -> None:
        """Not the tags of the moment when it was made."""

    add(LaunchTemplate, "tags", property(LaunchTemplate.get_tags, keep))


def _begin_a_version_with_its_source() -> None:
    """What a new version does not say itself, it has of the version that SourceVersion names.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html
    """

    def create_launch_template_version(self: Any) -> Any:
        if source := self._get_param("SourceVersion"):
            name, identifier = self._get_param("LaunchTemplateName"), self._get_param("LaunchTemplateId")
            backend = self.ec2_backend
            template = (
                backend.get_launch_template_by_name(name) if name else backend.get_launch_template(identifier)
            )
            own = self._get_param("LaunchTemplateData", {})
            merged = {**template.get_version(source).data, **own}
            self.params = {**self.params, "LaunchTemplateData": merged}
        return original(self)

    original = replace(LaunchTemplates, "create_launch_template_version", create_launch_template_version)
