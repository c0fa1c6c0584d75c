"""Listeners and rules as moto differs from AWS: one for each port, issued certificates, known policies.

Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html,
API_ModifyListener.html, API_AddListenerCertificates.html and API_CreateRule.html there
"""

from typing import Any

from moto.acm.models import acm_backends
from moto.elbv2.exceptions import DuplicateListenerError, ELBClientError
from moto.elbv2.models import ELBv2Backend
from moto.elbv2.ssl_policies import SSL_POLICIES
from moto.iam.models import iam_backends

from sandbox.aws.moto.elbv2 import invalid
from sandbox.aws.patching import replace

HTTP, HTTPS = "HTTP", "HTTPS"
RULES = 100  # of a load balancer, default rules not counted
PRIORITIES = range(1, 50001)


def install() -> None:
    """Patch moto, once in a process."""
    _create_strictly()
    _modify_strictly()
    _check_further_certificates()
    _check_rules()
    _tell_who_uses_target_groups()


def _create_strictly() -> None:
    def create_listener(
        self: Any,
        load_balancer_arn: str,
        protocol: str,
        port: Any,
        ssl_policy: str | None,
        certificate: str | None,
        actions: list[dict[str, Any]],
        alpn_policy: Any = None,
        tags: Any = None,
    ) -> Any:
        if balancer := self.load_balancers.get(load_balancer_arn):
            _check(self, balancer, None, protocol, port, ssl_policy, [certificate] if certificate else [])
            _check_actions(self, balancer, actions)
        made = create(
            self, load_balancer_arn, protocol, port, ssl_policy, certificate, actions, alpn_policy, tags
        )
        _settle(made)
        _associate(self)
        return made

    create = replace(ELBv2Backend, "create_listener", create_listener)


def _modify_strictly() -> None:
    def modify_listener(
        self: Any,
        arn: str,
        port: Any = None,
        protocol: str | None = None,
        ssl_policy: str | None = None,
        certificates: list[dict[str, Any]] | None = None,
        actions: list[dict[str, Any]] | None = None,
    ) -> Any:
        [present] = self.describe_listeners(None, [arn])
        balancer = self.load_balancers[present.load_balancer_arn]
        given = [each["CertificateArn"] for each in certificates or []]
        wanted = protocol or present.protocol
        kept = present.certificates if wanted == HTTPS else []
        port_wanted = port or present.port
        _check(self, balancer, arn, wanted, port_wanted, ssl_policy or present.ssl_policy, given or kept)
        _check_actions(self, balancer, actions or [])
        further = present.certificates[1:]
        modified = modify(self, arn, port, protocol, ssl_policy, certificates, actions or [])
        if given:  # the default one; those for other names stay
            modified.certificates = [*given, *(each for each in further if each not in given)]
        _settle(modified)
        _associate(self)
        return modified

    modify = replace(ELBv2Backend, "modify_listener", modify_listener)


def _check(
    backend: Any,
    balancer: Any,
    own: str | None,
    protocol: str,
    port: Any,
    ssl_policy: str | None,
    certificates: list[str],
) -> None:
    others = [each for each in balancer.listeners.values() if each.arn != own]
    if any(str(each.port) == str(port) for each in others):
        raise DuplicateListenerError
    if ssl_policy and ssl_policy not in SSL_POLICIES:
        raise ELBClientError("SSLPolicyNotFound", f"SSL policy '{ssl_policy}' not found")
    if protocol == HTTPS and not certificates:
        raise invalid("A certificate must be specified for HTTPS listeners")
    if protocol == HTTP and certificates:
        raise invalid("A certificate cannot be specified for HTTP listeners")
    for each in certificates:
        _check_certificate(backend, each)


def _check_certificate(backend: Any, arn: str) -> None:
    """It is ACM's, of this region and issued, or IAM's."""
    certificate = acm_backends[backend.account_id][backend.region_name]._certificates.get(arn)
    if certificate is None:
        if iam_backends[backend.account_id]["aws"].get_certificate_by_arn(arn) is None:
            raise ELBClientError("CertificateNotFound", f"Certificate '{arn}' not found")
        return
    certificate.check()
    if certificate.status != "ISSUED":
        raise ELBClientError(
            "UnsupportedCertificate",
            f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a "
            "supported key size.",
        )


def _check_actions(backend: Any, balancer: Any, actions: list[dict[str, Any]]) -> None:
    """Target groups are of the load balancer's VPC, and of no other load balancer."""
    for arn in (arn for action in actions for arn in backend._get_target_group_arns_from(action)):
        group = backend.target_groups.get(arn)
        if group is None:
            continue  # moto says so
        if group.vpc_id != balancer.vpc_id:
            raise ELBClientError(
                "InvalidConfigurationRequest", f"The target group '{arn}' is not of the load balancer's VPC"
            )
        if any(each != balancer.arn for each in group.load_balancer_arns):
            raise ELBClientError(
                "TargetGroupAssociationLimit",
                "The following target groups cannot be associated with more than one load balancer: " + arn,
            )


def _settle(listener: Any) -> None:
    """A listener without TLS has no policy for it."""
    if listener.protocol == HTTP:
        listener.ssl_policy = None
        listener.certificate, listener.certificates = None, []


def _check_further_certificates() -> None:
    def add_listener_certificates(self: Any, arn: str, certificates: list[dict[str, Any]]) -> list[str]:
        [listener] = self.describe_listeners(None, [arn])
        for each in certificates:
            _check_certificate(self, each["CertificateArn"])
        new = [each for each in certificates if each["CertificateArn"] not in listener.certificates]
        if len(listener.certificates) - 1 + len(new) <= 25:  # the default one is not counted
            listener.certificates.extend(each["CertificateArn"] for each in new)
            return list(listener.certificates)
        added: list[str] = add(self, arn, certificates)
        return added

    add = replace(ELBv2Backend, "add_listener_certificates", add_listener_certificates)

    def remove_listener_certificates(self: Any, arn: str, certificates: list[dict[str, Any]]) -> None:
        [listener] = self.describe_listeners(None, [arn])
        if listener.certificates[:1] and listener.certificates[0] in [
            each["CertificateArn"] for each in certificates
        ]:
            raise ELBClientError(
                "OperationNotPermitted", "Default certificate cannot be removed from listener"
            )
        remove(self, arn, certificates)

    remove = replace(ELBv2Backend, "remove_listener_certificates", remove_listener_certificates)


def _check_rules() -> None:
    def create_rule(
        self: Any, listener_arn: str, conditions: Any, priority: Any, actions: Any, tags: Any = None
    ) -> Any:
        if listeners := self.describe_listeners(None, [listener_arn]):
            balancer = self.load_balancers[listeners[0].load_balancer_arn]
            _check_actions(self, balancer, actions)
            if int(priority) not in PRIORITIES:
                raise invalid(f"Priority '{priority}' must be between 1 and 50000 inclusive")
            present = [each for listener in balancer.listeners.values() for each in listener.rules.values()]
            if sum(each.priority != "default" for each in present) >= RULES:
                raise ELBClientError(
                    "TooManyRules", f"The limit of {RULES} rules of '{balancer.arn}' is reached"
                )
        made = create(self, listener_arn, conditions, priority, actions, tags)
        _associate(self)
        return made

    create = replace(ELBv2Backend, "create_rule", create_rule)

    def modify_rule(self: Any, rule_arn: str, conditions: Any, actions: Any) -> Any:
        listener = rule_arn.replace(":listener-rule/", ":listener/").rpartition("/")[0]
        if listeners := self.describe_listeners(None, [listener]):
            _check_actions(self, self.load_balancers[listeners[0].load_balancer_arn], actions)
        modified = modify(self, rule_arn, conditions, actions)
        _associate(self)
        return modified

    modify = replace(ELBv2Backend, "modify_rule", modify_rule)


def _associate(backend: Any) -> None:
    """Note at each target group which load balancer sends to it."""
    used: dict[str, set[str]] = {}
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                for action in rule.actions:
                    for arn in backend._get_target_group_arns_from(action.data):
                        used.setdefault(arn, set()).add(balancer.arn)
    for arn, group in backend.target_groups.items():
        group.load_balancer_arns = sorted(used.get(arn, ()))


def _tell_who_uses_target_groups() -> None:
    """A target group is nobody's again when the last rule that sends to it is gone."""
    for name in ("delete_load_balancer", "delete_listener", "delete_rule"):

        def delete(self: Any, arn: str, name: str = name) -> Any:
            gone = originals[name](self, arn)
            _associate(self)
            return gone

        originals[name] = replace(ELBv2Backend, name, delete)


originals: dict[str, Any] = {}
