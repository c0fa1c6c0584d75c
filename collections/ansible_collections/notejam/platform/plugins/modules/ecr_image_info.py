#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: ecr_image_info
short_description: Find an image in Amazon ECR, or wait for it
version_added: 0.1.0
description:
  - Returns the image that has a tag, and can wait until a pipeline has pushed it.
author:
  - Notejam platform contributors (@notejam)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  repository:
    description: Name of the ECR repository, without the registry's address.
    type: str
    required: true
  tag:
    description: The image's tag.
    type: str
    required: true
  wait:
    description: Whether to wait for the image, and to fail when it does not come. Check mode never waits.
    type: bool
    default: false
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 900
attributes:
  check_mode:
    description: Only reads.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
"""

EXAMPLES = r"""
- name: Wait until the release is pushed
  notejam.platform.ecr_image_info:
    repository: notejam-prod/notejam
    tag: 1.4.0
    wait: true
"""

RETURN = r"""
image:
  description: The image; none when there is no such image.
  returned: success
  type: dict
  contains:
    digest:
      description: Digest of its manifest.
      type: str
      sample: sha256:7173b809ca12ec5dee4506cd86be934c4596dd234ee82c0662eac04a8c2c71dc
    pushed_at:
      description: When it was pushed, in ISO 8601.
      type: str
      sample: "2026-11-23T04:00:00+00:00"
    tags:
      description: All its tags, sorted.
      type: list
      elements: str
"""

import time
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import client

POLL = 2.0  # seconds


def find(ecr: Any, repository: str, tag: str) -> dict[str, Any] | None:
    """The image with this tag, by API_DescribeImages of Amazon ECR."""
    try:
        answer = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except is_boto3_error_code("ImageNotFoundException"):
        return None
    image = answer["imageDetails"][0]
    return {
        "digest": image["imageDigest"],
        "pushed_at": image["imagePushedAt"].isoformat(),
        "tags": sorted(image.get("imageTags", [])),
    }


def how_to_push(ecr: Any, repository: str, tag: str) -> str:
    uri = ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]["repositoryUri"]
    registry = uri.partition("/")[0]
    return (
        f"aws ecr get-login-password | buildah login --username AWS --password-stdin {registry} && "
        f"buildah push <image> docker://{uri}:{tag}"
    )


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "repository": {"required": True},
            "tag": {"required": True},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 900},
        },
        supports_check_mode=True,
    )
    repository, tag = module.params["repository"], module.params["tag"]
    if not tag:
        module.fail_json(
            msg=f"The tag to look for in ECR repository {repository} is empty (`tag`): set what the task "
            "takes it from, such as notejam_release."
        )
    deadline = time.monotonic() + module.params["wait_timeout"]
    try:
        ecr = client(module, "ecr")
        image = find(ecr, repository, tag)
        while image is None and module.params["wait"] and not module.check_mode:
            if time.monotonic() > deadline:
                module.fail_json(
                    msg=f"Repository {repository} has no image with the tag {tag} after "
                    f"{module.params['wait_timeout']} s (`wait_timeout`). Push it, or correct the tag: "
                    + how_to_push(ecr, repository, tag)
                )
            time.sleep(POLL)
            image = find(ecr, repository, tag)
    except is_boto3_error_code("RepositoryNotFoundException") as error:
        module.fail_json_aws(
            error, msg=f"There is no ECR repository {repository}; the role `container_registry` makes it"
        )
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Cannot look for tag {tag} in ECR repository {repository}")
    module.exit_json(changed=False, image=image)


if __name__ == "__main__":
    main()
