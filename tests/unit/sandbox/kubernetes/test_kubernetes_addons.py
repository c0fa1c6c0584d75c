"""Add-ons, access policies, images and Flux's manifest: what is declared to the cluster."""

import json
import tarfile
from typing import Any

import pytest
import yaml

from sandbox.errors import SandboxError
from sandbox.kubernetes import addon_state, images, pod_identity_webhook
from sandbox.kubernetes.access import AccessPolicies, manifests
from sandbox.kubernetes.addons import Addons, coredns, is_available
from sandbox.kubernetes.flux_distribution import assemble
from sandbox.settings import Settings

ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "manager-role"},
    "rules": [],
}
BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "manager-rolebinding"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "manager-role"},
    "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "system"}],
}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "controller"},
    "spec": {"template": {"spec": {"containers": [{"name": "manager", "image": "fluxcd/controller"}]}}},
}


def test_coredns_takes_its_address_and_configuration() -> None:
    by_kind = {
        each["kind"]: each for each in coredns("10.96.0.10", {"replicaCount": 1, "corefile": ".:53 {}"})
    }
    assert by_kind["Service"]["spec"]["clusterIP"] == "10.96.0.10"
    assert by_kind["Deployment"]["spec"]["replicas"] == 1
    assert by_kind["ConfigMap"]["data"] == {"Corefile": ".:53 {}"}
    [container] = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == images.COREDNS.reference


def test_a_configuration_value_that_would_be_ignored_is_refused() -> None:
    with pytest.raises(SandboxError, match="'replicas'"):
        coredns("172.20.0.10", {"replicas": 1})


def test_an_unknown_addon_is_refused_and_not_recorded(settings, processes) -> None:
    with pytest.raises(SandboxError, match="no add-on 'aws-efs-csi-driver'"):
        Addons(settings, processes).install("aws-efs-csi-driver", "v1.0.0")
    assert addon_state.installed(settings, "aws-efs-csi-driver") is None


def test_the_ebs_csi_driver_is_healthy_once_it_is_known_to_kubernetes(
    settings, processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects: dict[tuple[str, str], dict[str, Any]] = {}

    class Kubernetes:
        def __init__(self, _settings: Settings) -> None:
            """Of the same objects each time."""

        def apply(self, manifests: list[dict[str, Any]]) -> None:
            objects.update({(one["kind"], one["metadata"]["name"]): one for one in manifests})

        def get(self, _version: str, kind: str, name: str, _namespace: str | None = None) -> Any:
            return objects.get((kind, name))

        def delete(self, _version: str, kind: str, name: str, _namespace: str | None = None) -> None:
            del objects[kind, name]

    monkeypatch.setattr("sandbox.kubernetes.addons.Client", Kubernetes)
    addons = Addons(settings, processes)
    addons.install("aws-ebs-csi-driver", "v1.54.0-eksbuild.1")
    assert list(objects) == [("CSIDriver", "ebs.csi.aws.com")]
    assert addons.healthy("aws-ebs-csi-driver")
    addons.remove("aws-ebs-csi-driver")
    assert not objects
    assert not addons.healthy("aws-ebs-csi-driver")


def test_an_addon_that_is_not_installed_is_not_healthy(settings, processes) -> None:
    assert not Addons(settings, processes).healthy("kube-proxy")


def test_kube_proxy_is_healthy_only_where_every_node_answers(settings, processes, make_node) -> None:
    addons = Addons(settings, processes)
    addon_state.record(settings, "kube-proxy", "v1.35.0-eksbuild.2", None)
    assert addons.healthy("kube-proxy")  # no node, as on EKS
    make_node(number=3).save()
    assert not addons.healthy("kube-proxy")


@pytest.mark.parametrize(
    ("status", "available"),
    [
        ({"observedGeneration": 2, "availableReplicas": 2, "updatedReplicas": 2}, True),
        ({"observedGeneration": 1, "availableReplicas": 2, "updatedReplicas": 2}, False),
        ({"observedGeneration": 2, "availableReplicas": 1, "updatedReplicas": 2}, False),
        ({"observedGeneration": 2, "availableReplicas": 2, "updatedReplicas": 1}, False),
        ({}, False),
    ],
)
def test_a_deployment_is_available_when_all_of_its_present_version_is(status, available) -> None:
    deployment = {"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status}
    assert is_available(deployment) is available


def test_a_policy_for_the_cluster_binds_its_group() -> None:
    [binding] = manifests("AmazonEKSClusterAdminPolicy", None)
    assert binding["kind"] == "ClusterRoleBinding"
    assert binding["roleRef"]["name"] == "cluster-admin"
    assert binding["subjects"][0]["name"] == "eks-access-policy:AmazonEKSClusterAdminPolicy"


def test_a_policy_for_namespaces_binds_a_group_of_each() -> None:
    bindings = manifests("AmazonEKSEditPolicy", ["notejam", "other"])
    assert [(each["kind"], each["metadata"]["namespace"]) for each in bindings] == [
        ("RoleBinding", "notejam"),
        ("RoleBinding", "other"),
    ]
    assert bindings[0]["subjects"][0]["name"] == "eks-access-policy:AmazonEKSEditPolicy:notejam"


def test_a_policy_that_only_reads_writes_nothing() -> None:
    [role, _] = manifests("AmazonEKSAdminViewPolicy", None)
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}


def test_an_unknown_policy_is_refused(settings) -> None:
    with pytest.raises(SandboxError, match="AmazonEKSNoSuchPolicy"):
        AccessPolicies(settings).bind("AmazonEKSNoSuchPolicy", None)


def test_an_image_waits_for_its_program_and_is_made_once(settings) -> None:
    assert images.archive(settings, images.PAUSE) is None
    (settings.tools / "pause").write_bytes(b"program")
    first = images.archive(settings, images.PAUSE)
    assert first is not None
    made = first.stat().st_mtime_ns
    assert images.archive(settings, images.PAUSE) == first
    assert first.stat().st_mtime_ns == made
    (settings.tools / "pause").write_bytes(b"another program")
    assert images.archive(settings, images.PAUSE) != first


def test_an_image_starts_its_program_under_its_real_name(settings) -> None:
    image = images.FLUX_CONTROLLERS["source-controller"]
    (settings.tools / "source-controller").write_bytes(b"program")
    path = images.archive(settings, image)
    assert path is not None
    with tarfile.open(path) as tar:

        def read(name: str) -> bytes:
            file = tar.extractfile(name)
            assert file
            return file.read()

        [entry] = json.loads(read("index.json"))["manifests"]
        manifest = json.loads(read(f"blobs/sha256/{entry['digest'].removeprefix('sha256:')}"))
        digest = manifest["config"]["digest"].removeprefix("sha256:")
        configuration = json.loads(read(f"blobs/sha256/{digest}"))["config"]
    assert entry["annotations"]["io.containerd.image.name"] == image.reference
    assert image.reference.startswith("ghcr.io/fluxcd/source-controller:v")
    assert configuration["Entrypoint"] == ["/usr/local/bin/source-controller"]
    assert configuration["User"] == "65534:65534"


def test_a_module_that_is_not_pinned_is_named() -> None:
    with pytest.raises(LookupError, match=r"does not pin example\.org/none"):
        images.module_version("coredns", "example.org/none")


def test_flux_is_assembled_from_its_modules(settings) -> None:
    for name in images.FLUX_CONTROLLERS:
        files = {
            "rbac/role.yaml": ROLE,
            "rbac/role_binding.yaml": BINDING,
            "manager/deployment.yaml": DEPLOYMENT,
        }
        for path, document in files.items():
            file = settings.flux_config / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(yaml.safe_dump(document))
    documents = list(yaml.safe_load_all(assemble(settings).read_text()))
    assert (documents[0]["kind"], documents[0]["metadata"]["name"]) == ("Namespace", "flux-system")
    deployments = [each for each in documents if each["kind"] == "Deployment"]
    for (name, image), deployment in zip(images.FLUX_CONTROLLERS.items(), deployments, strict=True):
        pod = deployment["spec"]["template"]["spec"]
        assert deployment["metadata"]["namespace"] == "flux-system"
        assert pod["serviceAccountName"] == name
        assert pod["containers"][0]["image"] == image.reference
    [first, _] = [each for each in documents if each["kind"] == "ClusterRoleBinding"]
    assert first["roleRef"]["name"] == "source-controller-manager-role"
    assert first["subjects"] == [
        {"kind": "ServiceAccount", "name": "source-controller", "namespace": "flux-system"}
    ]


def test_flux_that_is_not_built_yet_says_so(settings) -> None:
    with pytest.raises(SandboxError, match="make up"):
        assemble(settings)


def applied(document: dict, operations: list[dict]) -> dict:
    """The document after a JSON patch of "add" operations."""
    result = json.loads(json.dumps(document))
    for operation in operations:
        assert operation["op"] == "add"
        *way, last = operation["path"].strip("/").split("/")
        parent = result
        for word in way:
            parent = parent[int(word)] if isinstance(parent, list) else parent[word]
        if last == "-":
            parent.append(operation["value"])
        else:
            parent[last] = operation["value"]
    return result


def test_a_pod_is_told_where_its_credentials_are() -> None:
    own = {"name": "AWS_REGION", "value": "eu-central-1"}
    bare = {"name": "a"}
    full = {"name": "b", "env": [own], "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}  # noqa: S108
    pod = {"spec": {"containers": [bare, full], "volumes": [{"name": "tmp", "emptyDir": {}}]}}
    spec = applied(pod, pod_identity_webhook.patch(pod, "eu-west-1"))["spec"]
    assert [volume["name"] for volume in spec["volumes"]] == ["tmp", "eks-pod-identity-token"]
    first, second = ({each["name"]: each["value"] for each in c["env"]} for c in spec["containers"])
    assert first["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "http://169.254.170.23/v1/credentials"
    assert first["AWS_REGION"] == "eu-west-1"
    assert second["AWS_REGION"] == "eu-central-1"  # what the pod says itself stays
    assert all(c["volumeMounts"][-1]["name"] == "eks-pod-identity-token" for c in spec["containers"])
    again = pod_identity_webhook.patch({"spec": spec}, "eu-west-1")
    assert applied({"spec": spec}, again)["spec"] == spec


def test_only_an_associated_service_account_gets_credentials(settings, monkeypatch) -> None:
    webhook = pod_identity_webhook.Webhook(settings)

    class Eks:
        def list_pod_identity_associations(self, clusterName, namespace, serviceAccount):
            mine = (clusterName, namespace, serviceAccount) == ("notejam", "notejam", "notejam")
            return {"associations": [{"associationId": "a-1"}] if mine else []}

    monkeypatch.setattr(webhook, "eks", Eks())
    monkeypatch.setattr(pod_identity_webhook, "cluster_name", lambda _: "notejam")

    def answer(account: str) -> dict:
        pod = {"spec": {"serviceAccountName": account, "containers": [{"name": "a"}]}}
        return webhook.review({"uid": "u", "namespace": "notejam", "object": pod})["response"]

    assert "patch" in answer("notejam")
    assert answer("other") == {"uid": "u", "allowed": True}
