"""What a person in the console might do to the web application firewall."""

from __future__ import annotations

from typing import Any

import boto3

NAME = "notejam-sandbox"


def stop_blocking(waf: Any) -> str:
    """Let the core rules count only, and another of them pass; give the web ACL's ARN."""
    [found] = [each for each in waf.list_web_acls(Scope="REGIONAL")["WebACLs"] if each["Name"] == NAME]
    read = waf.get_web_acl(Scope="REGIONAL", Name=NAME, Id=found["Id"])
    acl = read["WebACL"]
    [core] = [rule for rule in acl["Rules"] if rule["Name"] == "core"]
    core["OverrideAction"] = {"Count": {}}
    core["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"].append(
        {"Name": "NoUserAgent_HEADER", "ActionToUse": {"Allow": {}}}
    )
    kept = ("Name", "Id", "DefaultAction", "Description", "Rules", "VisibilityConfig", "CustomResponseBodies")
    given = {key: acl[key] for key in kept if key in acl}
    waf.update_web_acl(Scope="REGIONAL", LockToken=read["LockToken"], **given)
    return str(acl["ARN"])


def block_a_range(waf: Any) -> None:
    sets = waf.list_ip_sets(Scope="REGIONAL")["IPSets"]
    [found] = [each for each in sets if each["Name"] == f"{NAME}-blocked-ipv4"]
    read = waf.get_ip_set(Scope="REGIONAL", Name=found["Name"], Id=found["Id"])
    waf.update_ip_set(
        Scope="REGIONAL",
        Name=found["Name"],
        Id=found["Id"],
        Addresses=["203.0.113.0/24"],
        LockToken=read["LockToken"],
    )


def main() -> None:
    waf = boto3.client("wafv2")
    arn = stop_blocking(waf)
    block_a_range(waf)
    waf.delete_logging_configuration(ResourceArn=arn)
    [protected] = waf.list_resources_for_web_acl(WebACLArn=arn)["ResourceArns"]
    waf.disassociate_web_acl(ResourceArn=protected)


if __name__ == "__main__":
    main()
