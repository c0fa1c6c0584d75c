"""The module eks_access_entry_info."""

from __future__ import annotations

from .fake_eks import FakeEks
from .modules import run_module

ROLE = "arn:aws:iam::123456789012:role/"
OURS = {"platform:managed-by": "ansible"}


def test_lists_those_alone_that_carry_the_tags(eks: FakeEks) -> None:
    eks.resources["notejam-test"] = {"status": "ACTIVE"}
    for name, tags in (("b", OURS), ("a", {**OURS, "x": "y"}), ("nodes", {})):
        run_module("eks_access_entry", cluster_name="notejam-test", principal_arn=ROLE + name, tags=tags)
    run = run_module("eks_access_entry_info", cluster_name="notejam-test", tags=OURS)
    assert run.result["principal_arns"] == [ROLE + "a", ROLE + "b"]
    assert not run.changed


def test_a_missing_cluster_lets_nobody_in(eks: FakeEks) -> None:
    run = run_module("eks_access_entry_info", check_mode=True, cluster_name="notejam-test")
    assert run.result["principal_arns"] == []
