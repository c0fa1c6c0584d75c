"""ACM's certificates by DNS validation as moto differs from AWS: issued once their records are really there.

Sources: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html,
https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html
"""

import hashlib
from datetime import timedelta
from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle, acm_backends
from moto.core.exceptions import AWSError
from moto.elbv2.models import elbv2_backends
from moto.route53.models import Route53Backend, route53_backends

from sandbox.aws import clock
from sandbox.aws.patching import replace

# ACM takes some minutes; two of them, at the sandbox's usual time scale.
ISSUED_AFTER = timedelta(seconds=2)


class ResourceInUse(AWSError):
    TYPE = "ResourceInUseException"


def install() -> None:
    """Patch moto, once in a process."""
    _issue_what_is_validated()
    _keep_what_is_used()


def record(account: str, domain: str) -> dict[str, str]:
    """The CNAME that proves the account's hold of the domain: the same in every region, for ever."""
    plain = domain.removeprefix("*.")
    name, value = (hashlib.md5(f"{account} {plain} {end}".encode()).hexdigest() for end in "ab")  # noqa: S324
    return {"Name": f"_{name}.{plain}.", "Type": "CNAME", "Value": f"_{value}.acm-validations.aws."}


def _records(account: str) -> set[tuple[str, str]]:
    zones = route53_backends[account]["aws"].zones.values()
    return {
        (each.name.rstrip("."), str(value).rstrip("."))
        for zone in zones
        for each in zone.rrsets
        if each.type == "CNAME"
        for value in each.records
    }


def _validate(account: str, certificate: Any) -> None:
    """Note the moment when all records of a certificate were there first; it does not pass again."""
    if certificate.type != "AMAZON_ISSUED" or getattr(certificate, "validated_at", None):
        return
    wanted = [record(account, name) for name in certificate.sans]
    if {(each["Name"].rstrip("."), each["Value"].rstrip(".")) for each in wanted} <= _records(account):
        certificate.validated_at = clock.utcnow()


def _issue_what_is_validated() -> None:
    def request_certificate(
        self: Any, domain_name: str, token: Any, names: Any, *rest: Any, **more: Any
    ) -> str:
        arn = str(request(self, domain_name, token, names, *rest, **more))
        certificate = self._certificates[arn]
        certificate.account_id = self.account_id
        certificate.sans = list(dict.fromkeys([domain_name, *(names or [])]))
        _validate(self.account_id, certificate)
        return arn

    request = replace(AWSCertificateManagerBackend, "request_certificate", request_certificate)

    def change_resource_record_sets(self: Any, *args: Any, **more: Any) -> Any:
        answer = change(self, *args, **more)
        for region in acm_backends[self.account_id].values():
            for certificate in region._certificates.values():
                _validate(self.account_id, certificate)
        return answer

    change = replace(Route53Backend, "change_resource_record_sets", change_resource_record_sets)

    def check(self: Any) -> None:
        if self.type == "AMAZON_ISSUED" and self.status in ("PENDING_VALIDATION", "ISSUED"):
            validated = getattr(self, "validated_at", None)
            issued = validated is not None and clock.utcnow() >= validated + ISSUED_AFTER
            self.status = "ISSUED" if issued else "PENDING_VALIDATION"

    replace(CertBundle, "check", check)

    def describe(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = original(self)
        certificate = told["Certificate"]
        region, account = self.arn.split(":")[3:5]
        certificate["InUseBy"] = _users(account, region, self.arn)
        if self.type != "AMAZON_ISSUED":
            return told
        is_issued = self.status == "ISSUED"
        certificate["DomainValidationOptions"] = [
            {
                "DomainName": name,
                "ValidationDomain": name,
                "ValidationStatus": "SUCCESS" if is_issued else "PENDING_VALIDATION",
                "ValidationMethod": "DNS",
                "ResourceRecord": record(account, name),
            }
            for name in self.sans
        ]
        if not is_issued:
            # https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html
            for key in ("IssuedAt", "NotBefore", "NotAfter", "Serial"):
                certificate.pop(key, None)
        return told

    original = replace(CertBundle, "describe", describe)


def _users(account: str, region: str, arn: str) -> list[str]:
    balancers = elbv2_backends[account][region].load_balancers.values()
    return [
        balancer.arn
        for balancer in balancers
        if any(arn in _certificates(listener) for listener in balancer.listeners.values())
    ]


def _certificates(listener: Any) -> list[str]:
    return [each["certificate_arn"] if isinstance(each, dict) else each for each in listener.certificates]


def _keep_what_is_used() -> None:
    def delete_certificate(self: Any, arn: str) -> None:
        if arn in self._certificates and _users(self.account_id, self.region_name, arn):
            raise ResourceInUse(f"Certificate {arn} in account {self.account_id} is in use.")
        delete(self, arn)

    delete = replace(AWSCertificateManagerBackend, "delete_certificate", delete_certificate)
