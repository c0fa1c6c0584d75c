#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A global database of Aurora."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_global_cluster
short_description: Manage a global database of Aurora
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps a global database, which begins with a cluster that is there. That is its primary until a
    switchover, which this module never makes. Clusters of other regions join it by
    O(notejam.platform.rds_cluster#module:secondary_of).
  - While there are clusters in it, which leave when they are deleted, it stays, and the result says so.
  - Documented at
    U(https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-getting-started.html).
options:
  global_cluster_identifier:
    description: Identifier of the global database, the same in all regions.
    type: str
    required: true
    aliases: [name]
  source_db_cluster_identifier:
    description:
      - ARN of the cluster that it begins with, and that is to be its primary.
      - One whose primary is another cluster is refused, because that would be a switchover.
    type: str
    required: true
  deletion_protection:
    description: Whether AWS refuses to delete the global database.
    type: bool
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Let the database have copies in other regions
  notejam.platform.rds_global_cluster:
    global_cluster_identifier: notejam-prod
    source_db_cluster_identifier: arn:aws:rds:eu-west-1:123456789012:cluster:notejam-prod
"""

RETURN = r"""
rds_global_cluster:
  description: The global database.
  returned: when it is present
  type: dict
  contains:
    global_cluster_identifier:
      description: Its identifier.
      type: str
    arn:
      description: Its ARN.
      type: str
    status:
      description: AWS's word for its state, such as V(available).
      type: str
    source_db_cluster_identifier:
      description: ARN of the cluster that writes.
      type: str
    members:
      description: ARNs of its clusters.
      type: list
      elements: str
    deletion_protection:
      description: Whether AWS refuses to delete it.
      type: bool
    tags:
      description: Its tags.
      type: dict
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.rds import BROKEN, RdsResource
from ansible_collections.notejam.platform.plugins.module_utils.rds_global import writer
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_list
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until


class GlobalCluster(RdsResource):
    name = "rds_global_cluster"
    missing = "GlobalClusterNotFoundFault"
    computed = frozenset({"arn", "members", "status"})
    fields: ClassVar = {
        "arn": "GlobalClusterArn",
        "deletion_protection": "DeletionProtection",
        "global_cluster_identifier": "GlobalClusterIdentifier",
        "status": "Status",
    }

    @property
    def identity(self) -> str:
        return str(self.params["global_cluster_identifier"])

    def answer(self) -> dict[str, Any] | None:
        found = self.found("describe_global_clusters", GlobalClusterIdentifier=self.identity)
        return found["GlobalClusters"][0] if found and found["GlobalClusters"] else None

    def describe(self) -> State | None:
        answer = self.answer()
        if answer is None or answer["Status"] == "deleting":
            return None
        return {
            **self.taken_over(answer),
            "members": sorted(each["DBClusterArn"] for each in answer.get("GlobalClusterMembers", [])),
            "source_db_cluster_identifier": writer(answer),
        }

    def desired(self) -> State:
        return self.declared(
            "global_cluster_identifier", "source_db_cluster_identifier", "deletion_protection", "tags"
        )

    def create(self, desired: State) -> None:
        source = desired["source_db_cluster_identifier"]
        # A cluster that is being made cannot be the first of a global database.
        wait_until(source, self._source_status, ["available"], self.params["wait_timeout"], BROKEN)
        self.rds.create_global_cluster(
            GlobalClusterIdentifier=self.identity,
            SourceDBClusterIdentifier=source,
            DeletionProtection=bool(desired.get("deletion_protection")),
            Tags=as_list(desired.get("tags", {})),
        )

    def consequences(self, current: State, changes: dict) -> list[str]:
        old, new = changes.get("source_db_cluster_identifier", (None, None))
        if new:
            raise self.refusal(
                f"its primary is {old or 'none'} and the task asks for {new}. That is a switchover, which "
                "interrupts all who write and is never made here. Make it first, or declare the present one."
            )
        return []

    def update(self, current: State, changes: dict) -> None:
        self.rds.modify_global_cluster(
            GlobalClusterIdentifier=self.identity, DeletionProtection=changes["deletion_protection"][1]
        )

    def retained(self, current: State) -> str | None:
        if current["members"]:
            return f"{', '.join(current['members'])} is in it"
        if current["deletion_protection"]:
            raise self.refusal("it is protected from deletion. Have it without deletion_protection first.")
        return None

    def delete(self, current: State) -> None:
        self.rds.delete_global_cluster(GlobalClusterIdentifier=self.identity)

    def _source_status(self) -> str:
        answer = self.rds.describe_db_clusters(
            DBClusterIdentifier=self.params["source_db_cluster_identifier"]
        )
        return str(answer["DBClusters"][0]["Status"])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            global_cluster_identifier={"required": True, "aliases": ["name"]},
            source_db_cluster_identifier={"required": True},
            deletion_protection={"type": "bool"},
        ),
        supports_check_mode=True,
    )
    reconcile(GlobalCluster(module))


if __name__ == "__main__":
    main()
