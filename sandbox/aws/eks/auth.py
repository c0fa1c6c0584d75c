"""EKS Auth: what a pod's service account token is exchanged at, for the credentials of the pod's role.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html
"""

import uuid

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.eks import pod_identity
from sandbox.aws.eks.records import CLUSTER, Records
from sandbox.aws.eks.service import Service
from sandbox.aws.errors import AWSError
from sandbox.aws.identities import temporary_credentials
from sandbox.aws.kubernetes_ports import Clusters
from sandbox.aws.principals import Principals, from_credentials

AUDIENCE = "pods.eks.amazonaws.com"
SESSION_SECONDS = 6 * 3600
LONGEST_SESSION_NAME = 64


class EKSAuth:
    def __init__(self, service: Service, principals: Principals, kubernetes: Clusters) -> None:
        self._service = service
        self._records: Records = service.records
        self._principals = principals
        self._kubernetes = kubernetes

    def handlers(self) -> Handlers:
        return {("eks-auth", "AssumeRoleForPodIdentity"): self.assume_role_for_pod_identity}

    def assume_role_for_pod_identity(self, call: Call) -> Result:
        name = call.parameters["clusterName"]
        cluster = self._records.get(CLUSTER, call.account, call.region, name)
        if cluster is None:
            raise AWSError("ResourceNotFoundException", f"No cluster found for name: {name}.")
        kubernetes = self._kubernetes.of(cluster.state["place"], cluster.account, cluster.region)
        subject = kubernetes.service_accounts.review(call.parameters["token"], AUDIENCE)
        if subject is None:
            raise AWSError("InvalidTokenException", "The token included in the request is invalid")
        namespace, service_account = subject
        association = pod_identity.find(self._service, cluster, namespace, service_account)
        if association is None:
            raise AWSError(
                "AccessDeniedException",
                f"The service account {namespace}/{service_account} has no pod identity association "
                f"in cluster {name}",
            )
        role_name = association.resource["roleArn"].rsplit("/", 1)[-1]
        role = call.client("iam").get_role(RoleName=role_name)["Role"]
        session = f"eks-{name}-{service_account}-{uuid.uuid4()}"[:LONGEST_SESSION_NAME]
        arn = f"arn:aws:sts::{call.account}:assumed-role/{role_name}/{session}"
        user_id = f"{role['RoleId']}:{session}"
        credentials = temporary_credentials(SESSION_SECONDS)
        self._principals.add(from_credentials(call.account, arn, user_id, credentials))
        return {
            "subject": {"namespace": namespace, "serviceAccount": service_account},
            "audience": AUDIENCE,
            "podIdentityAssociation": {
                "associationArn": association.resource["associationArn"],
                "associationId": association.resource["associationId"],
            },
            "assumedRoleUser": {"arn": arn, "assumeRoleId": user_id},
            "credentials": {name[0].lower() + name[1:]: value for name, value in credentials.items()},
        }
