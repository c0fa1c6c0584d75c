#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate
version_added: 0.2.0
short_description: Manage a certificate of ACM that is validated by DNS
description:
  - Requests a certificate for domain names, keeps the records that validate it in a hosted zone of Route 53,
    and waits until it is issued. ACM renews it as long as the records are there and it is in use.
  - The certificate is found by its tag C(Name). Its names cannot change, so a new one is requested
    when they change; the old one is deleted once nothing uses it, at the latest by the next run.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: What the certificate is called; becomes its tag C(Name).
    type: str
    required: true
  domain_name:
    description: The certificate's first name. Required with O(state=present).
    type: str
  subject_alternative_names:
    description: Its other names.
    type: list
    elements: str
    default: []
  hosted_zone_id:
    description:
      - The public hosted zone that the names are in. Required with O(state=present).
      - With O(state=absent), the validation records are removed from it too; they are those of every
        certificate of the account for these names.
    type: str
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Have a certificate for Notejam and Grafana
  notejam.platform.acm_certificate:
    name: notejam-prod
    domain_name: notejam.example.com
    subject_alternative_names: [grafana.notejam.example.com]
    hosted_zone_id: Z0123456789ABCDEFGHIJ
"""

RETURN = r"""
certificate:
  description: The certificate; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The certificate's ARN.
      type: str
      sample: arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012
    names:
      description: Its names, the first one first and the others sorted.
      type: list
      elements: str
    superseded:
      description: ARNs of earlier certificates of this name that nothing uses any more.
      type: list
      elements: str
    tags:
      description: The certificate's tags.
      type: dict
    validated:
      description: Whether the zone has all its validation records.
      type: bool
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

USABLE = ("ISSUED", "PENDING_VALIDATION")
FAILED = ("FAILED", "VALIDATION_TIMED_OUT", "REVOKED")
TTL = 300  # seconds


def ordered(names: list[str]) -> list[str]:
    """The first name and the others, sorted, each once."""
    return [*names[:1], *sorted(set(names[1:]) - set(names[:1]))]


class Certificate(Resource):
    """https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html"""

    name = "certificate"
    computed = frozenset({"arn"})
    comparisons: ClassVar = {"superseded": same}

    @property
    def acm(self) -> Any:
        return self.client("acm")

    def desired(self) -> dict[str, Any]:
        names = [str(self.params["domain_name"]), *self.params["subject_alternative_names"]]
        tags = {"tags": {**(self.params["tags"] or {}), "Name": self.params["name"]}}
        return {"names": ordered(names), "superseded": [], "validated": True, **tags}

    def describe(self) -> dict[str, Any] | None:
        every = self._named()
        wanted = [each for each in every if self._is_wanted(each)]
        if not wanted:
            return None
        found = min(wanted, key=lambda each: (USABLE.index(each["Status"]), each["CertificateArn"]))
        arn = found["CertificateArn"]
        return {
            "arn": arn,
            "names": ordered(found["SubjectAlternativeNames"]),
            "superseded": sorted(
                each["CertificateArn"]
                for each in every
                if each["CertificateArn"] != arn and not each["InUseBy"]
            ),
            "tags": self._tags(arn),
            "validated": self._is_validated(found),
        }

    def create(self, desired: dict[str, Any]) -> None:
        others = {"SubjectAlternativeNames": desired["names"][1:]} if desired["names"][1:] else {}
        self._arn = self.acm.request_certificate(
            DomainName=desired["names"][0],
            ValidationMethod="DNS",
            Tags=as_list(desired["tags"]),
            **others,
        )["CertificateArn"]
        # The records are known some seconds after the request.
        wait_until(f"{self.identity}'s validation records", self._records_known, ["known"], 120)
        self._change_records("UPSERT", self._described(self._arn))

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        if "validated" in changes:
            self._change_records("UPSERT", self._described(current["arn"]))
        self._delete(changes.get("superseded", ([],))[0])

    def delete(self, current: dict[str, Any]) -> None:
        every = self._named()
        self._delete([each["CertificateArn"] for each in every])
        if self.params["hosted_zone_id"]:
            self._change_records("DELETE", *every)

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.acm.add_tags_to_certificate(CertificateArn=current["arn"], Tags=as_list(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        tags = [{"Key": key} for key in keys]
        self.acm.remove_tags_from_certificate(CertificateArn=current["arn"], Tags=tags)

    def wait(self, state: str) -> None:
        if state == "absent":
            return
        what = f"certificate {self.identity}"
        wait_until(what, self._status, ["ISSUED"], self.params["wait_timeout"], failed=FAILED)
        self._delete((self.describe() or {}).get("superseded", []))

    def settled(self, current: dict[str, Any]) -> bool:
        return self._described(current["arn"])["Status"] == "ISSUED"

    def _is_wanted(self, certificate: dict[str, Any]) -> bool:
        if self.params["state"] == "absent":
            return certificate["Status"] in USABLE
        names = ordered(certificate["SubjectAlternativeNames"])
        return certificate["Status"] in USABLE and names == self.desired()["names"]

    def _named(self) -> list[dict[str, Any]]:
        """The descriptions of all certificates whose tag Name is this one's."""
        pages = self.acm.get_paginator("list_certificates").paginate()
        arns = [each["CertificateArn"] for each in pages.build_full_result()["CertificateSummaryList"]]
        named = [arn for arn in arns if self._tags(arn).get("Name") == self.params["name"]]
        return [self._described(arn) for arn in named]

    def _tags(self, arn: str) -> dict[str, str]:
        return as_dict(self.acm.list_tags_for_certificate(CertificateArn=arn)["Tags"])

    def _described(self, arn: str) -> dict[str, Any]:
        return dict(self.acm.describe_certificate(CertificateArn=arn)["Certificate"])

    def _status(self) -> str:
        return str(next((each["Status"] for each in self._named() if self._is_wanted(each)), "absent"))

    def _records_known(self) -> str:
        options = self._described(self._arn).get("DomainValidationOptions", [])
        return "known" if options and all("ResourceRecord" in each for each in options) else "unknown"

    def _delete(self, arns: list[str]) -> None:
        for arn in arns:
            self.acm.delete_certificate(CertificateArn=arn)

    @staticmethod
    def _records(certificate: dict[str, Any]) -> dict[str, str]:
        """Values of the validation records by name."""
        records = [each["ResourceRecord"] for each in certificate.get("DomainValidationOptions", [])]
        return {each["Name"]: each["Value"] for each in records}

    def _present_records(self, names: list[str]) -> dict[str, dict[str, Any]]:
        """Those of the names that the zone has, with their whole record sets."""
        route53, zone = self.client("route53"), self.params["hosted_zone_id"]
        found: dict[str, dict[str, Any]] = {}
        for name in names:
            sets = route53.list_resource_record_sets(
                HostedZoneId=zone, StartRecordName=name, StartRecordType="CNAME", MaxItems="1"
            )["ResourceRecordSets"]
            found |= {each["Name"]: each for each in sets if (each["Name"], each["Type"]) == (name, "CNAME")}
        return found

    def _is_validated(self, certificate: dict[str, Any]) -> bool:
        if not self.params["hosted_zone_id"]:
            return True
        records = self._records(certificate)
        present = self._present_records(list(records))
        values = {name: each["ResourceRecords"][0]["Value"] for name, each in present.items()}
        return values == records

    def _change_records(self, action: str, *certificates: dict[str, Any]) -> None:
        records = {name: value for each in certificates for name, value in self._records(each).items()}
        if action == "DELETE":
            sets = list(self._present_records(list(records)).values())
        else:
            sets = [
                {"Name": name, "Type": "CNAME", "TTL": TTL, "ResourceRecords": [{"Value": value}]}
                for name, value in records.items()
            ]
        if sets:
            self.client("route53").change_resource_record_sets(
                HostedZoneId=self.params["hosted_zone_id"],
                ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": each} for each in sets]},
            )


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            domain_name={},
            subject_alternative_names={"type": "list", "elements": "str", "default": []},
            hosted_zone_id={},
        ),
        required_if=[("state", "present", ["domain_name", "hosted_zone_id"])],
        supports_check_mode=True,
    )
    reconcile(Certificate(module))


if __name__ == "__main__":
    main()
