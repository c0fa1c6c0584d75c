"""Makes the checkout's collection importable, as Ansible does."""

from __future__ import annotations

from pathlib import Path

from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

COLLECTIONS = Path(__file__).parents[3] / "collections"

_AnsibleCollectionFinder([str(COLLECTIONS)])._install()
