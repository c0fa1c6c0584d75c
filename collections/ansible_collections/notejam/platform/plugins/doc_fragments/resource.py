# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Options of every module that is built on module_utils/resource.py."""


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) creates the resource, or changes it to what is declared; V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
  tags:
    description:
      - The resource's tags. Left out, the tags stay as they are.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description:
      - Whether tags that are not in O(tags) are removed. Those under C(aws:) are AWS's own and stay.
    type: bool
    default: true
  wait:
    description:
      - Whether to wait until the resource is ready for use, or gone.
      - Also waits for a creation that an earlier run asked for.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait, in seconds.
    type: int
    default: 1800
notes:
  - What was asked for and waited for, and when, is in the result's C(timeline), for the callback
    P(notejam.platform.timeline#callback).
attributes:
  check_mode:
    description: Reports what would change without calling an API operation that writes.
    support: full
  diff_mode:
    description: Returns what is declared as it is and as it will be; secrets are left out.
    support: full
"""

    # Of what AWS gives no tags, and what is there at once.
    UNTAGGED = r"""
options:
  state:
    description:
      - V(present) creates the resource, or changes it to what is declared; V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Reports what would change without calling an API operation that writes.
    support: full
  diff_mode:
    description: Returns what is declared as it is and as it will be; secrets are left out.
    support: full
"""
