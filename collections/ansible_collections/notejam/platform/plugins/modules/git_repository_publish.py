#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: git_repository_publish
short_description: Publish a folder to a branch of a Git repository
version_added: 0.1.0
description:
  - Makes the files of a branch equal to those of a local folder, in one commit on top of what others pushed.
  - Nothing is committed when the content is the same already. History is never rewritten; when somebody else
    pushes at the same moment, the branch is read again and the publication repeated.
  - An empty repository gets the branch as its first.
  - Files outside of the top-level folders and files that O(source) has are left alone.
author:
  - Notejam platform contributors (@notejam)
requirements:
  - git >= 2.31
options:
  repository:
    description: URL of the repository, without credentials.
    type: str
    required: true
  branch:
    description: The branch to publish to.
    type: str
    default: main
  username:
    description: User name that goes with O(token). Most Git hosts accept any.
    type: str
    default: git
  token:
    description:
      - Password or access token. It reaches Git by its environment, and no command line, URL or file.
    type: str
  source:
    description: The folder to publish.
    type: path
    required: true
  include:
    description: Files and folders below O(source) to publish; by default all of them.
    type: list
    elements: str
  exclude:
    description: Files and folders, relative to O(source), that are neither written nor removed.
    type: list
    elements: str
    default: []
  files:
    description: Contents that replace or add files, by their path below O(source).
    type: dict
    default: {}
  commit_message:
    description: The commit's message.
    type: str
    default: Publish the platform's manifests
  author_name:
    description: Name of the commit's author.
    type: str
    default: Notejam platform
  author_email:
    description: Email address of the commit's author.
    type: str
    default: platform@notejam.invalid
attributes:
  check_mode:
    description: Reads the repository and reports the patch; the commit is then not known.
    support: full
  diff_mode:
    description: Returns the patch.
    support: full
"""

EXAMPLES = r"""
- name: Publish the manifests
  notejam.platform.git_repository_publish:
    repository: https://github.com/example/operations-k8s-prod.git
    token: "{{ operations_token }}"
    source: "{{ playbook_dir }}/gitops"
    exclude: [microservices]

- name: Release one service
  notejam.platform.git_repository_publish:
    repository: https://github.com/example/operations-k8s-prod.git
    token: "{{ operations_token }}"
    source: "{{ playbook_dir }}/gitops"
    include: [microservices/notejam]
    files:
      microservices/notejam/release/kustomization.yaml: "{{ release }}"
    commit_message: Release Notejam 1.4.0
"""

RETURN = r"""
commit:
  description: Id of the branch's newest commit.
  returned: success
  type: str
  sample: 0d6a5b1f0f6f4c7d8f0f1f1b0a2f0e9d8c7b6a59
revision:
  description: The same as Flux writes it.
  returned: success
  type: str
  sample: main@sha1:0d6a5b1f0f6f4c7d8f0f1f1b0a2f0e9d8c7b6a59
files:
  description: Paths that the publication changes.
  returned: success
  type: dict
  contains:
    added:
      description: Files that the branch did not have.
      type: list
      elements: str
    changed:
      description: Files with other content or another mode.
      type: list
      elements: str
    removed:
      description: Files that O(source) has no more.
      type: list
      elements: str
"""

import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.notejam.platform.plugins.module_utils.git_repository import (
    EXECUTABLE,
    FILE,
    Branch,
    Entry,
    GitError,
    Tree,
)
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN

# Each failed push means that another one got through, so a few attempts outlast any plausible rush.
ATTEMPTS = 8


def below(path: str, areas: list[str]) -> bool:
    """Whether the path is one of the areas or lies in one."""
    return any(path == area or path.startswith(f"{area}/") for area in areas)


def wanted_files(branch: Branch, params: dict[str, Any], areas: list[str]) -> Tree:
    """The files to publish, their contents stored."""
    source = Path(params["source"])
    names = (path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file())
    paths = sorted(
        name
        for name in names
        if below(name, areas) and not below(name, params["exclude"]) and name not in params["files"]
    )
    blobs = branch.store([(source / path).absolute() for path in paths])
    modes = [EXECUTABLE if os.access(source / path, os.X_OK) else FILE for path in paths]
    tree = {path: Entry(mode, blob) for path, mode, blob in zip(paths, modes, blobs, strict=True)}
    return tree | {path: Entry(FILE, branch.store_text(text)) for path, text in params["files"].items()}


def publish(branch: Branch, params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Bring the branch to what the task declares; returns the module's result."""
    areas = params["include"] or sorted(os.listdir(params["source"]))
    wanted = wanted_files(branch, params, areas)
    for _attempt in range(ATTEMPTS):
        tip = branch.fetch()
        current = branch.tree(tip)
        kept = {
            path: entry
            for path, entry in current.items()
            if not below(path, areas) or below(path, params["exclude"])
        }
        if tip and kept | wanted == current:
            return result(branch, tip, current, current)
        tree = branch.write(kept | wanted)
        patch = branch.diff(tip, tree)
        if check_mode:
            return result(branch, None, current, kept | wanted, patch)
        commit = branch.commit(
            tip, tree, params["commit_message"], (params["author_name"], params["author_email"])
        )
        if branch.push(commit):
            return result(branch, commit, current, kept | wanted, patch)
    raise GitError(
        f"Others pushed to branch {branch.name} of {branch.url} during each of {ATTEMPTS} attempts: "
        "run again later."
    )


def result(branch: Branch, commit: str | None, before: Tree, after: Tree, patch: str = "") -> dict[str, Any]:
    return {
        "changed": before != after,
        "commit": commit or UNKNOWN,
        "revision": f"{branch.name}@sha1:{commit}" if commit else UNKNOWN,
        "files": {
            "added": sorted(after.keys() - before.keys()),
            "changed": sorted(path for path in after.keys() & before.keys() if after[path] != before[path]),
            "removed": sorted(before.keys() - after.keys()),
        },
        "diff": {"prepared": patch},
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "repository": {"required": True},
            "branch": {"default": "main"},
            "username": {"default": "git"},
            "token": {"no_log": True},
            "source": {"type": "path", "required": True},
            "include": {"type": "list", "elements": "str"},
            "exclude": {"type": "list", "elements": "str", "default": []},
            "files": {"type": "dict", "default": {}},
            "commit_message": {"default": "Publish the platform's manifests"},
            "author_name": {"default": "Notejam platform"},
            "author_email": {"default": "platform@notejam.invalid"},
        },
        supports_check_mode=True,
    )
    params = module.params
    if urlsplit(params["repository"]).password:
        module.fail_json(
            msg="The URL in `repository` holds a password: give it by `token` instead, and revoke it."
        )
    if not os.path.isdir(params["source"]):
        module.fail_json(msg=f"There is no folder {params['source']} to publish (`source`).")
    git = module.get_bin_path("git", required=True)
    with tempfile.TemporaryDirectory(prefix="git_repository_publish") as folder:
        try:
            branch = Branch(
                git,
                Path(folder),
                params["repository"],
                params["branch"],
                params["username"],
                params["token"] or "",
            )
            published = publish(branch, params, module.check_mode)
        except GitError as error:
            module.fail_json(msg=str(error))
    module.exit_json(**published)


if __name__ == "__main__":
    main()
