"""CloudTrail's trails as moto differs from AWS.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.cloudtrail.exceptions import InvalidTrailNameException, TrailNotFoundException
from moto.cloudtrail.models import CloudTrailBackend, Trail, cloudtrail_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError
from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource

from sandbox.aws.moto.cloudtrail_delivery import check_delivery, key_arn
from sandbox.aws.patching import replace

MOST_TRAILS = 5  # of a region, shadow trails included
MOST_SELECTORS = 5
MOST_TAGS = 50
EXCLUDABLE = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
# API_GetEventSelectors.html: what a trail logs that nobody has set selectors for.
DEFAULT_SELECTORS = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
]


def install() -> None:
    """Patch moto, once in a process."""
    _refuse_impossible_trails()
    _change_trails_at_home_only()
    _find_trails_by_name_and_arn()
    _keep_selectors()
    _keep_tags_of_trails()
    _let_the_tagging_api_find_trails()


def _refuse_impossible_trails() -> None:
    """API_CreateTrail.html, API_UpdateTrail.html"""

    def create_trail(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        if re.search(r"[._-]{2}", name) or re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", name):
            raise InvalidTrailNameException(
                "Trail name cannot have adjacent periods, underscores or dashes, or be an IP address."
            )
        here = _seen_in(self)
        if any(trail.trail_name == name for trail in here):
            raise _error("TrailAlreadyExistsException", f"Trail {name} already exists for customer")
        if len(here) >= MOST_TRAILS:
            raise _error(
                "MaximumNumberOfTrailsExceededException",
                f"User: {self.account_id} already has {MOST_TRAILS} trails in {self.region_name}.",
            )
        trail = create(self, name, *args, **kwargs)
        try:
            check_delivery(trail)
        except JsonRESTError:
            del self.trails[name]
            self.tagging_service.delete_all_tags_for_resource(trail.arn)
            raise
        trail.kms_key_id = key_arn(trail)
        return trail

    def update_trail(self: Any, name: str, **changes: Any) -> Any:
        trail = self.get_trail(name)
        before = dict(trail.__dict__)
        try:
            # An empty string takes a configuration away.
            trail.update(**changes)
            for key in ("kms_key_id", "cw_log_group_arn", "cw_role_arn", "s3_key_prefix"):
                setattr(trail, key, getattr(trail, key) or None)
            if trail.is_multi_region and not trail.include_global_service_events:
                raise _error(
                    "InvalidParameterCombinationException",
                    "Multi-Region trail must include global service events.",
                )
            trail.check_bucket_exists()
            check_delivery(trail)
        except JsonRESTError:
            trail.__dict__.update(before)
            raise
        trail.kms_key_id = key_arn(trail)
        return trail

    def description(self: Any, include_region: bool = False) -> dict[str, Any]:
        """API_Trail.html: what is not set is left out."""
        told = describe(self, True)
        told["HasCustomEventSelectors"] = bool(self.event_selectors or self.advanced_event_selectors)
        told["HasInsightSelectors"] = bool(self.insight_selectors)
        return {key: value for key, value in told.items() if value is not None}

    create = replace(CloudTrailBackend, "create_trail", create_trail)
    replace(CloudTrailBackend, "update_trail", update_trail)
    describe = replace(Trail, "description", description)


def _change_trails_at_home_only() -> None:
    """InvalidHomeRegionException: "an operation is called on a trail from a Region other than the Region in
    which the trail was created" (API_UpdateTrail.html).
    """

    def get_trail(self: Any, name_or_arn: str) -> Any:
        for trail in _seen_in(self):
            if name_or_arn in (trail.trail_name, trail.arn):
                if trail.region_name != self.region_name:
                    raise _error(
                        "InvalidHomeRegionException",
                        f"Trail {trail.arn} has the home region {trail.region_name}; call it there.",
                    )
                return trail
        if name_or_arn.startswith("arn:"):
            raise TrailNotFoundException(account_id=self.account_id, name=name_or_arn)
        return get(self, name_or_arn)

    def delete_trail(self: Any, name: str) -> None:
        trail = self.get_trail(name)
        del self.trails[trail.trail_name]
        self.tagging_service.delete_all_tags_for_resource(trail.arn)

    get = replace(CloudTrailBackend, "get_trail", get_trail)
    replace(CloudTrailBackend, "delete_trail", delete_trail)


def _find_trails_by_name_and_arn() -> None:
    """API_DescribeTrails.html: a name means a trail of this region, another's shadow has to be named by its
    ARN; API_GetTrail.html.
    """

    def describe_trails(self: Any) -> str:
        backend = self.cloudtrail_backend
        named = self._get_param("trailNameList", [])
        trails = list(backend.describe_trails(self._get_bool_param("includeShadowTrails", True)))
        if named:
            trails = [
                trail
                for trail in trails
                if trail.arn in named
                or (trail.trail_name in named and trail.region_name == backend.region_name)
            ]
        return json.dumps({"trailList": [trail.description() for trail in trails]})

    def get_trail(self: Any) -> str:
        backend, name = self.cloudtrail_backend, self._get_param("Name")
        for trail in _seen_in(backend):
            if name == trail.arn or (name == trail.trail_name and trail.region_name == backend.region_name):
                return json.dumps({"Trail": trail.description()})
        raise TrailNotFoundException(account_id=backend.account_id, name=name)

    replace(CloudTrailResponse, "describe_trails", describe_trails)
    replace(CloudTrailResponse, "get_trail", get_trail)


def _keep_selectors() -> None:
    """API_PutEventSelectors.html: those given replace all, basic or advanced, that were there."""

    def put_event_selectors(self: Any, basic: Any, advanced: Any) -> None:
        if bool(basic) == bool(advanced):
            raise _error(
                "InvalidEventSelectorsException", "Either event selectors or advanced ones are given."
            )
        if len(basic or []) > MOST_SELECTORS:
            raise _error(
                "InvalidEventSelectorsException", f"A trail has at most {MOST_SELECTORS} event selectors."
            )
        for selector in basic or []:
            sources = set(selector.get("ExcludeManagementEventSources", []))
            if selector.get("ReadWriteType", "All") not in ("All", "ReadOnly", "WriteOnly"):
                raise _error("InvalidEventSelectorsException", "ReadWriteType is not one of its values.")
            if sources - EXCLUDABLE or (sources and not selector.get("IncludeManagementEvents", True)):
                raise _error(
                    "InvalidEventSelectorsException",
                    f"ExcludeManagementEventSources {sorted(sources)} is not valid.",
                )
        self.event_selectors = [{**DEFAULT_SELECTORS[0], **selector} for selector in basic or []]
        self.advanced_event_selectors = advanced or []

    def get_event_selectors(self: Any) -> str:
        trail = _found(self.cloudtrail_backend, self._get_param("TrailName"))
        if trail.advanced_event_selectors:
            selectors = {"AdvancedEventSelectors": trail.advanced_event_selectors}
        else:
            selectors = {"EventSelectors": trail.event_selectors or DEFAULT_SELECTORS}
        return json.dumps({"TrailARN": trail.arn, **selectors})

    replace(Trail, "put_event_selectors", put_event_selectors)

    def get_insight_selectors(self: Any, trail_name: str) -> Any:
        trail = _found(self, trail_name)
        return trail.arn, trail.get_insight_selectors()

    replace(CloudTrailResponse, "get_event_selectors", get_event_selectors)
    replace(CloudTrailBackend, "get_insight_selectors", get_insight_selectors)


def _found(backend: Any, name_or_arn: str) -> Any:
    """A trail that is only read: its ARN names it in other regions too (API_GetEventSelectors.html,
    API_GetInsightSelectors.html, which know no InvalidHomeRegionException).
    """
    shadows = [trail for trail in _seen_in(backend) if trail.arn == name_or_arn]
    return shadows[0] if shadows else backend.get_trail(name_or_arn)


def _keep_tags_of_trails() -> None:
    """API_AddTags.html, API_ListTags.html: of trails that are there, at their home, by ARN."""

    def checked(self: Any, arn: str) -> None:
        if not re.fullmatch(r"arn:[\w-]+:cloudtrail:[\w-]+:\d{12}:trail/.+", arn):
            raise _error("CloudTrailARNInvalidException", f"{arn} is no ARN of a trail.")
        if not any(trail.arn == arn for trail in self.trails.values()):
            raise _error("ResourceNotFoundException", f"Resource {arn} does not exist in this region.")

    def add_tags(self: Any, resource_id: str, tags_list: list[dict[str, str]]) -> None:
        checked(self, resource_id)
        there = {tag["Key"] for tag in self.tagging_service.list_tags_for_resource(resource_id)["TagsList"]}
        if len(there | {tag["Key"] for tag in tags_list}) > MOST_TAGS:
            raise _error("TagsLimitExceededException", f"A trail has at most {MOST_TAGS} tags.")
        add(self, resource_id, tags_list)

    def remove_tags(self: Any, resource_id: str, tags_list: list[dict[str, str]]) -> None:
        """Only keys count: API_RemoveTags.html."""
        checked(self, resource_id)
        self.tagging_service.untag_resource_using_names(resource_id, [tag["Key"] for tag in tags_list])

    def list_tags(self: Any, resource_id_list: list[str]) -> list[dict[str, Any]]:
        for arn in resource_id_list:
            checked(self, arn)
        tags: list[dict[str, Any]] = listed(self, resource_id_list)
        return tags

    add = replace(CloudTrailBackend, "add_tags", add_tags)
    replace(CloudTrailBackend, "remove_tags", remove_tags)
    listed = replace(CloudTrailBackend, "list_tags", list_tags)


def _let_the_tagging_api_find_trails() -> None:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html"""

    def iter_tagged_resources(self: Any) -> Iterator[TaggedResource]:
        for trail in self.trails.values():
            tags = self.tagging_service.get_tag_dict_for_resource(trail.arn)
            yield TaggedResource(arn=trail.arn, tags=tags, resource_type="cloudtrail:trail")

    def tag_resource(self: Any, arn: str, tags: dict[str, str]) -> None:
        self.add_tags(arn, [{"Key": key, "Value": value} for key, value in tags.items()])

    def untag_resource(self: Any, arn: str, tag_keys: list[str]) -> None:
        self.remove_tags(arn, [{"Key": key} for key in tag_keys])

    CloudTrailBackend.__bases__ = (*CloudTrailBackend.__bases__, TaggableResourcesMixin)
    CloudTrailBackend.SERVICE_NAMESPACE = "cloudtrail"  # type: ignore[attr-defined]
    for each in (iter_tagged_resources, tag_resource, untag_resource):
        setattr(CloudTrailBackend, each.__name__, each)


def _seen_in(backend: Any) -> list[Any]:
    """The trails of the backend's region, and other regions' that span all."""
    regions = cloudtrail_backends[backend.account_id].values()
    return [
        trail
        for each in regions
        for trail in each.trails.values()
        if trail.is_multi_region or trail.region_name == backend.region_name
    ]


def _error(code: str, message: str) -> JsonRESTError:
    return JsonRESTError(code, message)
