"""ECR's replication rules, tags and scans as moto differs from AWS.

Sources: each operation's page in https://docs.aws.amazon.com/AmazonECR/latest/APIReference/
"""

from typing import Any

from moto.ecr.exceptions import InvalidParameterException
from moto.ecr.models import ECRBackend

from sandbox.aws.patching import replace

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ReplicationConfiguration.html
RULES = 10
DESTINATIONS = (
    25  # of all rules together: https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
)


def install() -> None:
    """Patch moto, once in a process."""
    _take_several_replication_rules()


def _take_several_replication_rules() -> None:
    def put_replication_configuration(self: ECRBackend, replication_config: dict[str, Any]) -> dict[str, Any]:
        rules = replication_config["rules"]
        found = {(one["registryId"], one["region"]) for rule in rules for one in rule["destinations"]}
        refusal = ""
        if (self.account_id, self.region_name) in found:
            refusal = "Replication destination cannot be the same as the source registry"
        elif len(rules) > RULES:
            refusal = f"Member must have length less than or equal to {RULES}"
        elif len(found) > DESTINATIONS:
            refusal = f"The number of unique destinations cannot exceed {DESTINATIONS}"
        if refusal:
            raise InvalidParameterException(
                f"Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: '{refusal}'"
            )
        self.replication_config = replication_config
        return {"replicationConfiguration": replication_config}

    replace(ECRBackend, "put_replication_configuration", put_replication_configuration)
