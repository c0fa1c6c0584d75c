#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_account_password_policy
version_added: 0.2.0
short_description: Manage the rules for the passwords of an account's IAM users
description:
  - Keeps the account's password policy. AWS replaces the policy as a whole, so an option that is left out
    gets IAM's own default.
  - Documented at U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html).
author:
  - Notejam platform contributors (@notejam)
options:
  minimum_password_length:
    description: Fewest characters, from 6 to 128.
    type: int
    default: 6
  require_symbols:
    description: Whether a password must have a character that is no letter and no digit.
    type: bool
    default: false
  require_numbers:
    description: Whether a password must have a digit.
    type: bool
    default: false
  require_uppercase_characters:
    description: Whether a password must have an upper-case letter.
    type: bool
    default: false
  require_lowercase_characters:
    description: Whether a password must have a lower-case letter.
    type: bool
    default: false
  allow_users_to_change_password:
    description: Whether users may change their own password.
    type: bool
    default: false
  password_reuse_prevention:
    description: How many former passwords cannot be taken again, from 1 to 24; V(0) allows all.
    type: int
    default: 0
extends_documentation_fragment:
  - notejam.platform.resource.untagged
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Ask for long passwords
  notejam.platform.iam_account_password_policy:
    minimum_password_length: 16
    require_symbols: true
    password_reuse_prevention: 24
"""

RETURN = r"""
password_policy:
  description: The policy, with the options' names; none with O(state=absent).
  returned: success
  type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    reconcile,
    untagged_argument_spec,
)

OPTIONS = {
    "minimum_password_length": "MinimumPasswordLength",
    "require_symbols": "RequireSymbols",
    "require_numbers": "RequireNumbers",
    "require_uppercase_characters": "RequireUppercaseCharacters",
    "require_lowercase_characters": "RequireLowercaseCharacters",
    "allow_users_to_change_password": "AllowUsersToChangePassword",
    "password_reuse_prevention": "PasswordReusePrevention",
}


class PasswordPolicy(Resource):
    """The one policy that an account has, or has not."""

    name = "password_policy"

    @property
    def identity(self) -> str:
        return "of the account"

    @property
    def iam(self) -> Any:
        return self.client("iam")

    def desired(self) -> dict[str, Any]:
        return self.declared(*OPTIONS)

    def describe(self) -> dict[str, Any] | None:
        try:
            policy = self.iam.get_account_password_policy()["PasswordPolicy"]
        except is_boto3_error_code("NoSuchEntity"):
            return None
        return {option: policy.get(name, 0) for option, name in OPTIONS.items()}

    def create(self, desired: dict[str, Any]) -> None:
        # IAM refuses a reuse prevention of 0: leaving it out is what allows all.
        given = {name: desired[option] for option, name in OPTIONS.items() if desired[option] != 0}
        self.iam.update_account_password_policy(**given)

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self.create(self.desired())

    def delete(self, current: dict[str, Any]) -> None:
        self.iam.delete_account_password_policy()


def main() -> None:
    flags = {option: {"type": "bool", "default": False, "no_log": False} for option in OPTIONS}
    module = AnsibleAWSModule(
        argument_spec=untagged_argument_spec(
            **flags
            | {
                "minimum_password_length": {"type": "int", "default": 6, "no_log": False},
                "password_reuse_prevention": {"type": "int", "default": 0, "no_log": False},
            }
        ),
        supports_check_mode=True,
    )
    reconcile(PasswordPolicy(module))


if __name__ == "__main__":
    main()
