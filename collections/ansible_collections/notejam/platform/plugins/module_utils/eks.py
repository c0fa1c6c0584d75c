# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The EKS API, one call a function (https://docs.aws.amazon.com/eks/latest/APIReference/).

Requests and answers keep AWS's own shape. A description is None when EKS does not know the resource or its
cluster; every other refusal is raised as AnsibleEksError. The client (client.py) repeats throttled calls.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

Description = dict[str, Any]


class AnsibleEksError(AnsibleAWSError):
    """EKS refused a call, or a resource did not become what was asked for."""


class EksErrorHandler(AWSErrorHandler):
    """Turns botocore's errors into AnsibleEksError, and an unknown resource into None or False."""

    _CUSTOM_EXCEPTION = AnsibleEksError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("ResourceNotFoundException")


class RetryIamPropagation(AWSRetry):
    """Repeats a call that names an IAM role which IAM has not yet made known to EKS.

    IAM is eventually consistent: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
    """

    MESSAGES = re.compile(
        r"could not be assumed|Error in role params|invalid principal|role.*does not exist"
        r"|doesn't have the Amazon EKS Managed Policies|IAM role's policy must include",
        re.IGNORECASE,
    )

    @staticmethod
    def status_code_from_exception(error: ClientError) -> str:
        if RetryIamPropagation.MESSAGES.search(error.response["Error"]["Message"]):
            return "IamPropagation"
        return AWSRetry.status_code_from_exception(error)


retry_iam = RetryIamPropagation.jittered_backoff(
    retries=8, delay=1, max_delay=15, catch_extra_error_codes=["IamPropagation"]
)
# EKS refuses a change while another one is under way, also one that somebody else has started.
retry_busy = AWSRetry.jittered_backoff(
    retries=8, delay=1, max_delay=30, catch_extra_error_codes=["ResourceInUseException"]
)


@EksErrorHandler.list_error_handler("describe cluster {name}")
def describe_cluster(client: Any, name: str) -> Description | None:
    return client.describe_cluster(name=name)["cluster"]


@EksErrorHandler.common_error_handler("list clusters")
def list_clusters(client: Any) -> list[str]:
    return client.get_paginator("list_clusters").paginate().build_full_result()["clusters"]


@EksErrorHandler.common_error_handler("create cluster {name}")
@retry_iam
def create_cluster(client: Any, name: str, **request: Any) -> Description:
    return client.create_cluster(name=name, **request)["cluster"]


@EksErrorHandler.common_error_handler("update the configuration of cluster {name}")
@retry_busy
def update_cluster_config(client: Any, name: str, **request: Any) -> Description:
    return client.update_cluster_config(name=name, **request)["update"]


@EksErrorHandler.common_error_handler("update cluster {name} to Kubernetes {version}")
@retry_busy
def update_cluster_version(client: Any, name: str, version: str) -> Description:
    return client.update_cluster_version(name=name, version=version)["update"]


@EksErrorHandler.common_error_handler("encrypt the secrets of cluster {name}")
@retry_busy
def associate_encryption_config(client: Any, name: str, encryption_config: list[dict]) -> Description:
    return client.associate_encryption_config(clusterName=name, encryptionConfig=encryption_config)["update"]


@EksErrorHandler.deletion_error_handler("delete cluster {name}")
def delete_cluster(client: Any, name: str) -> bool:
    client.delete_cluster(name=name)
    return True


@EksErrorHandler.common_error_handler("describe update {update_id} of cluster {name}")
def describe_update(client: Any, name: str, update_id: str, **of: str) -> Description:
    return client.describe_update(name=name, updateId=update_id, **of)["update"]


@EksErrorHandler.list_error_handler("describe node group {nodegroup_name}")
def describe_nodegroup(client: Any, cluster_name: str, nodegroup_name: str) -> Description | None:
    return client.describe_nodegroup(clusterName=cluster_name, nodegroupName=nodegroup_name)["nodegroup"]


@EksErrorHandler.list_error_handler("list node groups of cluster {cluster_name}", [])
def list_nodegroups(client: Any, cluster_name: str) -> list[str]:
    pages = client.get_paginator("list_nodegroups").paginate(clusterName=cluster_name)
    return pages.build_full_result()["nodegroups"]


@EksErrorHandler.common_error_handler("create node group {nodegroup_name}")
@retry_iam
def create_nodegroup(client: Any, cluster_name: str, nodegroup_name: str, **request: Any) -> Description:
    answer = client.create_nodegroup(clusterName=cluster_name, nodegroupName=nodegroup_name, **request)
    return answer["nodegroup"]


@EksErrorHandler.common_error_handler("update the configuration of node group {nodegroup_name}")
@retry_busy
def update_nodegroup_config(
    client: Any, cluster_name: str, nodegroup_name: str, **request: Any
) -> Description:
    answer = client.update_nodegroup_config(clusterName=cluster_name, nodegroupName=nodegroup_name, **request)
    return answer["update"]


@EksErrorHandler.common_error_handler("update the version of node group {nodegroup_name}")
@retry_busy
def update_nodegroup_version(
    client: Any, cluster_name: str, nodegroup_name: str, **request: Any
) -> Description:
    answer = client.update_nodegroup_version(
        clusterName=cluster_name, nodegroupName=nodegroup_name, **request
    )
    return answer["update"]


@EksErrorHandler.deletion_error_handler("delete node group {nodegroup_name}")
@retry_busy
def delete_nodegroup(client: Any, cluster_name: str, nodegroup_name: str) -> bool:
    client.delete_nodegroup(clusterName=cluster_name, nodegroupName=nodegroup_name)
    return True


@EksErrorHandler.list_error_handler("describe add-on {addon_name}")
def describe_addon(client: Any, cluster_name: str, addon_name: str) -> Description | None:
    return client.describe_addon(clusterName=cluster_name, addonName=addon_name)["addon"]


@EksErrorHandler.common_error_handler("create add-on {addon_name}")
@retry_iam
def create_addon(client: Any, cluster_name: str, addon_name: str, **request: Any) -> Description:
    return client.create_addon(clusterName=cluster_name, addonName=addon_name, **request)["addon"]


@EksErrorHandler.common_error_handler("update add-on {addon_name}")
@retry_busy
def update_addon(client: Any, cluster_name: str, addon_name: str, **request: Any) -> Description:
    return client.update_addon(clusterName=cluster_name, addonName=addon_name, **request)["update"]


@EksErrorHandler.deletion_error_handler("delete add-on {addon_name}")
@retry_busy
def delete_addon(client: Any, cluster_name: str, addon_name: str, preserve: bool) -> bool:
    client.delete_addon(clusterName=cluster_name, addonName=addon_name, preserve=preserve)
    return True


@EksErrorHandler.common_error_handler("list the Kubernetes versions of EKS")
def describe_cluster_versions(client: Any) -> list[str]:
    """The versions that a cluster can be made of, the latest first."""
    pages = client.get_paginator("describe_cluster_versions").paginate()
    found = [
        one["clusterVersion"]
        for one in pages.build_full_result()["clusterVersions"]
        if one.get("versionStatus") != "UNSUPPORTED"
    ]
    return sorted(found, key=lambda version: [int(part) for part in version.split(".")], reverse=True)


@EksErrorHandler.list_error_handler("list the versions of add-on {addon_name}", [])
def describe_addon_versions(client: Any, addon_name: str, kubernetes_version: str) -> list[Description]:
    pages = client.get_paginator("describe_addon_versions").paginate(
        addonName=addon_name, kubernetesVersion=kubernetes_version
    )
    addons = pages.build_full_result()["addons"]
    return [version for addon in addons for version in addon["addonVersions"]]


@EksErrorHandler.common_error_handler("list the add-ons for Kubernetes {kubernetes_version}")
def list_addon_names(client: Any, kubernetes_version: str) -> list[str]:
    """The add-ons of AWS itself; those of the marketplace are others' products."""
    pages = client.get_paginator("describe_addon_versions").paginate(
        kubernetesVersion=kubernetes_version, owners=["aws"]
    )
    return sorted(addon["addonName"] for addon in pages.build_full_result()["addons"])


@EksErrorHandler.list_error_handler("list access entries of cluster {cluster_name}", [])
def list_access_entries(client: Any, cluster_name: str) -> list[str]:
    pages = client.get_paginator("list_access_entries").paginate(clusterName=cluster_name)
    return pages.build_full_result()["accessEntries"]


@EksErrorHandler.list_error_handler("describe access entry {principal_arn}")
def describe_access_entry(client: Any, cluster_name: str, principal_arn: str) -> Description | None:
    answer = client.describe_access_entry(clusterName=cluster_name, principalArn=principal_arn)
    return answer["accessEntry"]


@EksErrorHandler.common_error_handler("create access entry {principal_arn}")
@retry_iam
def create_access_entry(client: Any, cluster_name: str, principal_arn: str, **request: Any) -> Description:
    answer = client.create_access_entry(clusterName=cluster_name, principalArn=principal_arn, **request)
    return answer["accessEntry"]


@EksErrorHandler.common_error_handler("update access entry {principal_arn}")
def update_access_entry(client: Any, cluster_name: str, principal_arn: str, **request: Any) -> Description:
    answer = client.update_access_entry(clusterName=cluster_name, principalArn=principal_arn, **request)
    return answer["accessEntry"]


@EksErrorHandler.deletion_error_handler("delete access entry {principal_arn}")
def delete_access_entry(client: Any, cluster_name: str, principal_arn: str) -> bool:
    client.delete_access_entry(clusterName=cluster_name, principalArn=principal_arn)
    return True


@EksErrorHandler.list_error_handler("list access policies of {principal_arn}", [])
def list_associated_access_policies(client: Any, cluster_name: str, principal_arn: str) -> list[Description]:
    pages = client.get_paginator("list_associated_access_policies").paginate(
        clusterName=cluster_name, principalArn=principal_arn
    )
    return pages.build_full_result()["associatedAccessPolicies"]


@EksErrorHandler.common_error_handler("associate {policy_arn} with {principal_arn}")
def associate_access_policy(
    client: Any, cluster_name: str, principal_arn: str, policy_arn: str, access_scope: dict
) -> None:
    client.associate_access_policy(
        clusterName=cluster_name, principalArn=principal_arn, policyArn=policy_arn, accessScope=access_scope
    )


@EksErrorHandler.deletion_error_handler("disassociate {policy_arn} from {principal_arn}")
def disassociate_access_policy(client: Any, cluster_name: str, principal_arn: str, policy_arn: str) -> bool:
    client.disassociate_access_policy(
        clusterName=cluster_name, principalArn=principal_arn, policyArn=policy_arn
    )
    return True


@EksErrorHandler.list_error_handler("list Pod Identity associations of cluster {cluster_name}", [])
def list_pod_identity_associations(client: Any, cluster_name: str, **filters: str) -> list[Description]:
    pages = client.get_paginator("list_pod_identity_associations").paginate(
        clusterName=cluster_name, **filters
    )
    return pages.build_full_result()["associations"]


@EksErrorHandler.list_error_handler("describe Pod Identity association {association_id}")
def describe_pod_identity_association(
    client: Any, cluster_name: str, association_id: str
) -> Description | None:
    answer = client.describe_pod_identity_association(clusterName=cluster_name, associationId=association_id)
    return answer["association"]


@EksErrorHandler.common_error_handler("create Pod Identity association of {namespace}/{service_account}")
@retry_iam
def create_pod_identity_association(
    client: Any, cluster_name: str, namespace: str, service_account: str, **request: Any
) -> Description:
    answer = client.create_pod_identity_association(
        clusterName=cluster_name, namespace=namespace, serviceAccount=service_account, **request
    )
    return answer["association"]


@EksErrorHandler.common_error_handler("update Pod Identity association {association_id}")
@retry_iam
def update_pod_identity_association(
    client: Any, cluster_name: str, association_id: str, **request: Any
) -> Description:
    answer = client.update_pod_identity_association(
        clusterName=cluster_name, associationId=association_id, **request
    )
    return answer["association"]


@EksErrorHandler.deletion_error_handler("delete Pod Identity association {association_id}")
def delete_pod_identity_association(client: Any, cluster_name: str, association_id: str) -> bool:
    client.delete_pod_identity_association(clusterName=cluster_name, associationId=association_id)
    return True


@EksErrorHandler.common_error_handler("tag {arn}")
def tag_resource(client: Any, arn: str, tags: dict[str, str]) -> None:
    client.tag_resource(resourceArn=arn, tags=tags)


@EksErrorHandler.common_error_handler("untag {arn}")
def untag_resource(client: Any, arn: str, keys: list[str]) -> None:
    client.untag_resource(resourceArn=arn, tagKeys=keys)
