# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the modules that upgrade a part of a cluster have in common (module_utils/eks_upgrade.py)."""


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
attributes:
  check_mode:
    description: Reports what would change, and refuses what would be refused, without a call that writes.
    support: full
  diff_mode:
    description: Returns the version as it is and as it will be.
    support: full
"""
