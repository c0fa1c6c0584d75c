"""Who may use a cluster of EKS, and what its pods may do in AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.aws.conftest import FakeKubernetes
from tests.unit.sandbox.aws.eks.conftest import Account

ADMIN = "arn:aws:iam::123456789012:user/administrator"
CLUSTER_ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


def test_the_creator_is_the_clusters_administrator(cluster: Account) -> None:
    assert cluster.eks.list_access_entries(clusterName="notes")["accessEntries"] == [ADMIN]
    [policy] = cluster.eks.list_associated_access_policies(clusterName="notes", principalArn=ADMIN)[
        "associatedAccessPolicies"
    ]
    assert policy["policyArn"] == CLUSTER_ADMIN


def test_the_creator_is_not_if_that_was_not_wanted(account: Account) -> None:
    account.create(
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    )
    assert account.eks.list_access_entries(clusterName="notes")["accessEntries"] == []


def test_access_policies_are_bound_for_their_scope(cluster: Account, kubernetes: FakeKubernetes) -> None:
    cluster.eks.create_access_entry(clusterName="notes", principalArn=cluster.pod_role)
    for policy, scope in (
        ("AmazonEKSViewPolicy", {"type": "cluster"}),
        ("AmazonEKSEditPolicy", {"type": "namespace", "namespaces": ["notejam"]}),
    ):
        cluster.eks.associate_access_policy(
            clusterName="notes",
            principalArn=cluster.pod_role,
            policyArn=f"arn:aws:eks::aws:cluster-access-policy/{policy}",
            accessScope=scope,
        )
    cluster.wait()
    assert ("AmazonEKSViewPolicy", None) in kubernetes.bound
    assert ("AmazonEKSEditPolicy", ["notejam"]) in kubernetes.bound


REFUSED_ENTRIES: list[tuple[Any, ...]] = [
    ({"principalArn": "arn:aws:iam::123456789012:role/absent"}, "invalid principal"),
    ({"principalArn": ADMIN}, "already in use"),
    (
        {"principalArn": "arn:aws:iam::123456789012:role/pods", "kubernetesGroups": ["system:masters"]},
        "can't start with",
    ),
    (
        {"principalArn": "arn:aws:iam::123456789012:role/pods", "type": "EC2_LINUX", "username": "me"},
        "can't be set",
    ),
]


def test_an_access_entry_that_aws_would_not_make_is_refused(
    cluster: Account, subtests: pytest.Subtests
) -> None:
    for parameters, message in REFUSED_ENTRIES:
        with subtests.test(message=message), pytest.raises(ClientError, match=message):
            cluster.eks.create_access_entry(clusterName="notes", **parameters)


def test_access_entries_need_their_authentication_mode(account: Account) -> None:
    account.create(accessConfig={"authenticationMode": "CONFIG_MAP"})
    with pytest.raises(ClientError, match="authentication mode must be set"):
        account.eks.list_access_entries(clusterName="notes")


def test_a_pods_role_is_assumed_by_its_service_account_only(
    cluster: Account, client: Any, kubernetes: FakeKubernetes
) -> None:
    given = {"clusterName": "notes", "namespace": "notejam", "serviceAccount": "web"}
    with pytest.raises(ClientError, match=r"pods\.eks\.amazonaws\.com"):
        cluster.eks.create_pod_identity_association(**given, roleArn=cluster.node_role)
    cluster.eks.create_pod_identity_association(**given, roleArn=cluster.pod_role)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        cluster.eks.create_pod_identity_association(**given, roleArn=cluster.pod_role)
    auth = client("eks-auth")
    for service_account, refusal in (
        (None, "InvalidTokenException"),
        (("notejam", "other"), "AccessDeniedException"),
    ):
        kubernetes.service_account = service_account
        with pytest.raises(ClientError, match=refusal):
            auth.assume_role_for_pod_identity(clusterName="notes", token="a.b.c")
    kubernetes.service_account = ("notejam", "web")
    credentials = auth.assume_role_for_pod_identity(clusterName="notes", token="a.b.c")["credentials"]
    pod = client(
        "sts",
        aws_access_key_id=credentials["accessKeyId"],
        aws_secret_access_key=credentials["secretAccessKey"],
        aws_session_token=credentials["sessionToken"],
    )
    assert ":assumed-role/pods/eks-notes-web-" in pod.get_caller_identity()["Arn"]
