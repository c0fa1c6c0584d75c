"""Plans with their versions, and what each backs up.

Nothing runs by their schedules: who needs a backup starts a job.

Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
"""

import re
import uuid
from typing import Any

from sandbox.aws import clock
from sandbox.aws.backup.errors import already_exists, invalid_request, invalid_value, not_found
from sandbox.aws.backup.records import PLAN, SELECTION, Records, arn, check_name, check_role, given
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.documents import Document

NAME = r"[a-zA-Z0-9\-_.]{1,50}"
SCHEDULE = re.compile(r"cron\(\S+( \S+){5}\)|rate\(\d+ \w+\)")
DEFAULTS: dict[str, Any] = {
    "ScheduleExpression": "cron(0 5 ? * * *)",
    "StartWindowMinutes": 480,
    "CompletionWindowMinutes": 10080,
    "EnableContinuousBackup": False,
    "ScheduleExpressionTimezone": "Etc/UTC",
}
SHORTEST_START_WINDOW = 60  # minutes
SHORTEST_COLD_STORAGE = 90  # days
LONGEST_CONTINUOUS = 35  # days


class Plans:
    def __init__(self, records: Records) -> None:
        self._records = records

    def handlers(self) -> Handlers:
        return {
            ("backup", "CreateBackupPlan"): self.create,
            ("backup", "GetBackupPlan"): self.get,
            ("backup", "UpdateBackupPlan"): self.update,
            ("backup", "DeleteBackupPlan"): self.delete,
            ("backup", "ListBackupPlans"): self.list,
            ("backup", "ListBackupPlanVersions"): self.list_versions,
            ("backup", "CreateBackupSelection"): self.create_selection,
            ("backup", "GetBackupSelection"): self.get_selection,
            ("backup", "DeleteBackupSelection"): self.delete_selection,
            ("backup", "ListBackupSelections"): self.list_selections,
        }

    def create(self, call: Call) -> Result:
        body = checked_plan(call.parameters["BackupPlan"])
        for other in self._records.all(PLAN, call):
            if not other.get("DeletionDate") and without_ids(other["versions"][-1]["plan"]) == body:
                raise already_exists(
                    f"Backup plan with the same plan document already exists, id={other['BackupPlanId']}",
                    Arn=other["BackupPlanArn"],
                )
        identifier = str(uuid.uuid4())
        plan: Document = {
            "BackupPlanId": identifier,
            "BackupPlanArn": arn(call, "backup-plan", identifier),
            "CreatorRequestId": call.parameters.get("CreatorRequestId"),
            "versions": [version(body)],
            "tags": call.parameters.get("BackupPlanTags") or {},
        }
        self._records.put(PLAN, call, plan, identifier)
        return told(plan, plan["versions"][-1])

    def get(self, call: Call) -> Result:
        plan = self._plan(call, deleted_too=True)
        wanted = call.parameters.get("VersionId")
        for found in plan["versions"]:
            if found["VersionId"] == (wanted or plan["versions"][-1]["VersionId"]):
                return told(plan, found) | {"BackupPlan": found["plan"]}
        raise not_found(f"Cannot find version {wanted} of backup plan {plan['BackupPlanId']}")

    def update(self, call: Call) -> Result:
        plan = self._plan(call)
        plan["versions"].append(version(checked_plan(call.parameters["BackupPlan"])))
        self._records.put(PLAN, call, plan, plan["BackupPlanId"])
        return told(plan, plan["versions"][-1])

    def delete(self, call: Call) -> Result:
        plan = self._plan(call)
        if self._records.all(SELECTION, call, plan["BackupPlanId"]):
            raise invalid_request(
                "Related backup plan selections must be deleted prior to backup plan deletion"
            )
        plan["DeletionDate"] = clock.now()
        self._records.put(PLAN, call, plan, plan["BackupPlanId"])
        last = told(plan, plan["versions"][-1])
        return {key: last[key] for key in ("BackupPlanId", "BackupPlanArn", "DeletionDate", "VersionId")}

    def list(self, call: Call) -> Result:
        every = call.parameters.get("IncludeDeleted")
        plans = [plan for plan in self._records.all(PLAN, call) if every or not plan.get("DeletionDate")]
        return {"BackupPlansList": [listed(plan, plan["versions"][-1]) for plan in plans]}

    def list_versions(self, call: Call) -> Result:
        plan = self._plan(call)
        return {"BackupPlanVersionsList": [listed(plan, found) for found in reversed(plan["versions"])]}

    def create_selection(self, call: Call) -> Result:
        plan = self._plan(call)
        body = given(call.parameters["BackupSelection"])
        name = body["SelectionName"]
        check_name(name, NAME, "SelectionName")
        if not body.get("Resources") and not body.get("ListOfTags"):
            raise invalid_value("A backup selection needs Resources or ListOfTags")
        check_role(call, body["IamRoleArn"])
        for other in self._records.all(SELECTION, call, plan["BackupPlanId"]):
            if other["BackupSelection"]["SelectionName"] == name:
                raise already_exists("Backup selection with the same name already exists")
        selection = {
            "BackupPlanId": plan["BackupPlanId"],
            "SelectionId": str(uuid.uuid4()),
            "CreationDate": clock.now(),
            "BackupSelection": body,
        }
        self._records.put(SELECTION, call, selection, plan["BackupPlanId"], selection["SelectionId"])
        return {key: value for key, value in selection.items() if key != "BackupSelection"}

    def get_selection(self, call: Call) -> Result:
        return self._selection(call)

    def delete_selection(self, call: Call) -> Result:
        selection = self._selection(call)
        self._records.delete(SELECTION, call, selection["BackupPlanId"], selection["SelectionId"])
        return {}

    def list_selections(self, call: Call) -> Result:
        plan = self._plan(call)
        return {
            "BackupSelectionsList": [
                {key: value for key, value in found.items() if key != "BackupSelection"}
                | {key: found["BackupSelection"][key] for key in ("SelectionName", "IamRoleArn")}
                for found in self._records.all(SELECTION, call, plan["BackupPlanId"])
            ]
        }

    def _plan(self, call: Call, deleted_too: bool = False) -> Document:
        identifier = call.parameters["BackupPlanId"]
        plan = self._records.get(PLAN, call, identifier)
        if plan is None or (plan.get("DeletionDate") and not deleted_too):
            raise not_found(f"Failed reading Backup plan with provided ID {identifier}")
        return plan

    def _selection(self, call: Call) -> Document:
        path = (call.parameters["BackupPlanId"], call.parameters["SelectionId"])
        selection = self._records.get(SELECTION, call, *path)
        if selection is None:
            raise not_found(f"Cannot find backup selection with ID {path[1]} in backup plan {path[0]}")
        return selection


def checked_plan(plan: dict[str, Any]) -> Document:
    """The plan with AWS's defaults. Raises InvalidParameterValueException for what AWS does not take."""
    check_name(plan["BackupPlanName"], NAME, "BackupPlanName")
    rules = [given(rule) for rule in plan["Rules"]]
    names = [rule["RuleName"] for rule in rules]
    if not rules or len(set(names)) < len(names):
        raise invalid_value("A backup plan needs at least one rule, each with a name of its own")
    return given(plan | {"Rules": [checked_rule(rule) for rule in rules]})


def checked_rule(given_rule: dict[str, Any]) -> Document:
    rule = DEFAULTS | given_rule
    name = rule["RuleName"]
    check_name(name, NAME, "RuleName")
    if not SCHEDULE.fullmatch(rule["ScheduleExpression"]):
        raise invalid_value(f"{name}: {rule['ScheduleExpression']} is no cron expression of six fields")
    if rule["StartWindowMinutes"] < SHORTEST_START_WINDOW:
        raise invalid_value(f"{name}: StartWindowMinutes must be at least {SHORTEST_START_WINDOW}")
    if rule["CompletionWindowMinutes"] <= rule["StartWindowMinutes"]:
        raise invalid_value(f"{name}: CompletionWindowMinutes must be greater than StartWindowMinutes")
    lifecycles = [rule.get("Lifecycle"), *(copy.get("Lifecycle") for copy in rule.get("CopyActions") or [])]
    for lifecycle in lifecycles:
        check_lifecycle(name, lifecycle or {})
    if rule["EnableContinuousBackup"]:
        kept = (rule.get("Lifecycle") or {}).get("DeleteAfterDays")
        if kept is None or not 1 <= kept <= LONGEST_CONTINUOUS:
            raise invalid_value(
                f"{name}: a continuous backup is kept from 1 to {LONGEST_CONTINUOUS} days (DeleteAfterDays)"
            )
    return rule


def check_lifecycle(name: str, lifecycle: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html"""
    cold, end = lifecycle.get("MoveToColdStorageAfterDays"), lifecycle.get("DeleteAfterDays")
    if end is not None and end < 1:
        raise invalid_value(f"{name}: DeleteAfterDays must be at least 1")
    if cold is not None and end is not None and end < cold + SHORTEST_COLD_STORAGE:
        raise invalid_value(
            f"{name}: DeleteAfterDays must be at least {SHORTEST_COLD_STORAGE} days after "
            "MoveToColdStorageAfterDays"
        )


def version(body: Document) -> Document:
    rules = [rule | {"RuleId": str(uuid.uuid4())} for rule in body["Rules"]]
    return {
        "VersionId": str(uuid.uuid4()),
        "CreationDate": clock.now(),
        "plan": body | {"Rules": rules},
    }


def without_ids(body: Document) -> Document:
    rules = [{key: value for key, value in rule.items() if key != "RuleId"} for rule in body["Rules"]]
    return body | {"Rules": rules}


def told(plan: Document, found: Document) -> Document:
    shown = {key: value for key, value in plan.items() if key[0].isupper()}
    return given(shown | {key: found[key] for key in ("VersionId", "CreationDate")})


def listed(plan: Document, found: Document) -> Document:
    return told(plan, found) | {"BackupPlanName": found["plan"]["BackupPlanName"]}
