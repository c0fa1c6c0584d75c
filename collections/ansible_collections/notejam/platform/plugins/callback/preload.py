# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Loads what every worker needs once, in the process that all workers are forked from."""

from __future__ import annotations

DOCUMENTATION = """
name: preload
type: aggregate
version_added: 0.1.0
short_description: Load what every worker needs once for all of them
author: Notejam platform contributors (@notejam)
description:
  - Imports boto3 and amazon.aws before the first worker is forked, and lets all sessions share one loader of
    service models, so that a module run by this collection's C(normal) action starts with all of it. Imports
    the Kubernetes client too, whose models take most of a second.
  - Waits for the first task that has use for it, so that a play without one starts at once.
  - Imports Ansible's own filters and tests, which each worker would import for its first template.
  - Lets Python look for garbage less often. A worker lives for one task, and each look touches all that it
    shares with its parent, whose pages have to be copied for that.
  - Does nothing for a library that is missing.
requirements:
  - boto3
  - kubernetes
"""

import gc
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display

MODULE_UTILS = "ansible_collections.amazon.aws.plugins.module_utils."
# Parsing a service's model takes longer than most API calls; these are the services that the roles use.
SERVICES = ("ec2", "ecr", "eks", "iam", "kms", "rds", "s3", "secretsmanager", "sts")
JINJA_PLUGINS = (
    "ansible.plugins.filter.core",
    "ansible.plugins.filter.mathstuff",
    "ansible.plugins.test.core",
)
OBJECTS_BEFORE_COLLECTION = 10_000  # Python's own is 700 (2,000 from 3.13 on).


def share_models() -> None:
    """Make all botocore sessions of this process and its forks share one loader with its parsed models."""
    import botocore.loaders
    import botocore.session

    loader = botocore.loaders.create_loader(botocore.session.Session().get_config_variable("data_path"))
    botocore.session.create_loader = lambda search_path_string=None: loader
    for service in SERVICES:
        loader.load_service_model(service, "service-2")
        loader.load_service_model(service, "endpoint-rule-set-1")
    for data in ("endpoints", "sdk-default-configuration", "_retry", "partitions"):
        loader.load_data(data)


def preload_aws() -> None:
    """Import boto3 and what nearly every module of amazon.aws imports, and parse the services' models."""
    importlib.import_module("boto3")
    for name in ("modules", "ec2", "iam", "rds"):
        importlib.import_module(MODULE_UTILS + name)
    share_models()


def preload_kubernetes() -> None:
    """Import the Kubernetes client."""
    importlib.import_module("kubernetes")


class CallbackModule(CallbackBase):
    """A callback only because it hears of a task in the main process, before workers are forked for it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "notejam.platform.preload"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        gc.set_threshold(OBJECTS_BEFORE_COLLECTION, *gc.get_threshold()[1:])
        for name in JINJA_PLUGINS:
            importlib.import_module(name)
        self._wanted: dict[str | None, Callable[[], None]] = {
            "aws": preload_aws,
            "kubernetes": preload_kubernetes,
        }

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Load what the task's module needs, if no task before has needed it."""
        library = library_of(task.resolved_action or task.action)
        if load := self._wanted.pop(library, None):
            try:
                load()
                inspect.stack()  # Ansible asks for it in skipped loops, and the first time is slow.
            except ImportError as error:
                Display().vvv(f"The library of {task.action} is not preloaded: {error}")


def library_of(action: str) -> str | None:
    """What the module of an action's full name works with: `aws`, `kubernetes`, or None for anything else."""
    if action.startswith(("kubernetes.core.", "notejam.platform.kubernetes_", "notejam.platform.flux_")):
        return "kubernetes"
    if action.startswith(("amazon.aws.", "community.aws.", "notejam.platform.")):
        return "aws"
    return None
