# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Names of AWS resources, within AWS's limits."""

from __future__ import annotations

DOCUMENTATION = """
name: resource_name
short_description: Name an AWS resource within AWS's limits
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Joins the platform's name, the thing's name and, for what is global in an account, the region.
  - A name over the limit of its kind is cut and ends in a digest of the whole, so it stays unique, and the
    same in every run.
positional: _input, kind, thing
options:
  _input:
    description: The platform's name, such as C(notejam-prod).
    type: str
    required: true
  kind:
    description: What is named; each kind has AWS's own limit of length and characters.
    type: str
    required: true
    choices:
      - cloudtrail_trail
      - db_identifier
      - ecr_repository
      - eks_cluster
      - eks_nodegroup
      - iam_policy
      - iam_role
      - kms_alias
      - lambda_function
      - load_balancer
      - log_group
      - s3_bucket
      - secret
      - security_group
  thing:
    description: What tells this resource from the platform's others of its kind, such as V(cluster-nodes).
    type: str
    required: true
  region:
    description:
      - The site's region. Required for the kinds whose names are shared by all regions (V(iam_role),
        V(iam_policy), V(s3_bucket), V(cloudtrail_trail)).
    type: str
"""

EXAMPLES = """
- name: Show the name of the nodes' IAM role
  ansible.builtin.debug:
    msg: "{{ 'notejam-prod' | notejam.platform.resource_name('iam_role', 'nodes', region='eu-west-1') }}"
  # notejam-prod-nodes-eu-west-1
"""

RETURN = """
_value:
  description: The name.
  type: str
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from ansible.errors import AnsibleFilterError

WORDS = r"[A-Za-z0-9][A-Za-z0-9-]*"
LOWER = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"


@dataclass(frozen=True)
class Kind:
    """AWS's rule for a kind's names: the longest length, the form, and whether regions share the names."""

    longest: int
    form: str
    shared_by_regions: bool = False


KINDS = {
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
    "cloudtrail_trail": Kind(128, r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*", shared_by_regions=True),
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html
    "db_identifier": Kind(63, LOWER),
    # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
    "ecr_repository": Kind(256, r"[a-z0-9]+([._/-][a-z0-9]+)*"),
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
    "eks_cluster": Kind(100, WORDS),
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
    "eks_nodegroup": Kind(63, WORDS),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    "iam_policy": Kind(128, r"[\w+=,.@-]+", shared_by_regions=True),
    "iam_role": Kind(64, r"[\w+=,.@-]+", shared_by_regions=True),
    # https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    "kms_alias": Kind(250, r"[a-zA-Z0-9/_-]+"),
    # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    "lambda_function": Kind(64, r"[a-zA-Z0-9_-]+"),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
    "load_balancer": Kind(32, WORDS),
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    "log_group": Kind(512, r"[\w/.#-]+"),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    "s3_bucket": Kind(63, LOWER, shared_by_regions=True),
    # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
    "secret": Kind(512, r"[\w/+=.@-]+"),
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
    "security_group": Kind(255, r"(?!sg-)[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]+"),
}
DIGEST_LENGTH = 8


def resource_name(platform: str, kind: str, thing: str, region: str | None = None) -> str:
    """Returns `<platform>-<thing>[-<region>]`, cut to the kind's limit with a digest at its end.

    Raises AnsibleFilterError for an unknown kind, a missing region, or characters that AWS refuses.
    """
    rule = KINDS.get(kind)
    if rule is None:
        raise AnsibleFilterError(f"resource_name knows no kind '{kind}'; it knows {', '.join(KINDS)}.")
    if rule.shared_by_regions and not region:
        raise AnsibleFilterError(
            f"The name of an {kind} is shared by all regions: give region= to name '{thing}' of '{platform}'."
        )
    name = "-".join(part for part in (platform, thing, region) if part)
    if len(name) > rule.longest:
        digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST_LENGTH]
        name = f"{name[: rule.longest - DIGEST_LENGTH - 1].rstrip('-._/')}-{digest}"
    if not re.fullmatch(rule.form, name, flags=re.ASCII):
        raise AnsibleFilterError(
            f"'{name}' cannot name an {kind}: AWS wants it to match {rule.form}. "
            "Correct platform_environment in the inventory, or the name in the role's defaults."
        )
    return name


class FilterModule:
    """The filter, for Ansible's loader."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"resource_name": resource_name}
