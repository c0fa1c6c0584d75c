#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_bucket
version_added: 0.2.0
short_description: Manage an S3 bucket and its configurations
description:
  - Keeps a bucket with its public access block, ownership, versioning, Object Lock, encryption, policy,
    lifecycle, replication, access logging and tags.
  - A configuration that the task leaves out is neither read nor changed, so several tasks may each declare a
    part of a bucket, such as the replication once the other bucket is there.
  - A bucket that holds objects is not deleted, and said in RV(kept), unless O(force) is given; one that holds
    objects which Object Lock protects is never.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description:
      - The bucket's name, which is shared by all accounts and regions, see
        U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
    type: str
    required: true
  public_access_block:
    description:
      - What of public access is blocked, see
        U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).
    type: dict
    suboptions:
      block_public_acls:
        description: Whether ACLs that grant public access are refused.
        type: bool
        default: true
      ignore_public_acls:
        description: Whether those that are there are ignored.
        type: bool
        default: true
      block_public_policy:
        description: Whether bucket policies that grant public access are refused.
        type: bool
        default: true
      restrict_public_buckets:
        description: Whether a bucket with such a policy is closed to all but its account and AWS services.
        type: bool
        default: true
  object_ownership:
    description: Who owns the objects that others put; V(BucketOwnerEnforced) also switches ACLs off.
    type: str
    choices: [BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter]
  versioning:
    description: Whether old versions of objects are kept. Object Lock and replication need V(Enabled).
    type: str
    choices: [Enabled, Suspended]
  object_lock:
    description:
      - Switches Object Lock on, with the retention of objects put without one; an empty dict sets none.
      - Once on, it cannot be switched off, see
        U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html).
    type: dict
    suboptions:
      mode:
        description:
          - V(GOVERNANCE) lets those shorten it who may bypass it, V(COMPLIANCE) nobody at all.
        type: str
        choices: [GOVERNANCE, COMPLIANCE]
      days:
        description: For how many days an object is retained.
        type: int
      years:
        description: For how many years an object is retained.
        type: int
  encryption:
    description: How objects are encrypted that are put without saying how.
    type: dict
    suboptions:
      sse_algorithm:
        description: The encryption. V(AES256) uses keys of S3's own.
        type: str
        choices: [AES256, aws:kms, aws:kms:dsse]
        required: true
      kms_master_key_id:
        description: The ARN of the KMS key.
        type: str
      bucket_key_enabled:
        description: Whether one data key serves many objects, which spares most calls of KMS.
        type: bool
  policy:
    description:
      - The bucket policy. Statements are compared by their meaning. An empty dict removes it.
    type: dict
  lifecycle_rules:
    description:
      - Which objects change their storage class or expire by themselves, see
        U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html).
      - An empty list removes them.
    type: list
    elements: dict
    suboptions:
      id:
        description: The rule's name.
        type: str
        required: true
      status:
        description: Whether the rule is applied.
        type: str
        choices: [Enabled, Disabled]
        default: Enabled
      filter:
        description: Which objects it is for; all of the bucket by default.
        type: dict
        suboptions:
          prefix:
            description: The beginning of the objects' keys.
            type: str
            default: ""
      transitions:
        description: When objects move to another storage class.
        type: list
        elements: dict
        suboptions:
          days:
            description: The age in days.
            type: int
            required: true
          storage_class:
            description: The storage class.
            type: str
            choices: [STANDARD_IA, INTELLIGENT_TIERING, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE]
            required: true
      expiration:
        description: When objects expire. In a versioned bucket, they become noncurrent.
        type: dict
        suboptions:
          days:
            description: The age in days.
            type: int
          expired_object_delete_marker:
            description: Whether delete markers are removed that no version lies below.
            type: bool
      noncurrent_version_transitions:
        description: When noncurrent versions move to another storage class.
        type: list
        elements: dict
        suboptions:
          noncurrent_days:
            description: The days since they became noncurrent.
            type: int
            required: true
          storage_class:
            description: The storage class.
            type: str
            choices: [STANDARD_IA, INTELLIGENT_TIERING, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE]
            required: true
      noncurrent_version_expiration:
        description: When noncurrent versions are deleted.
        type: dict
        suboptions:
          noncurrent_days:
            description: The days since they became noncurrent.
            type: int
            required: true
          newer_noncurrent_versions:
            description: How many noncurrent versions stay.
            type: int
      abort_incomplete_multipart_upload:
        description: When the parts of an upload are deleted that was not completed.
        type: dict
        suboptions:
          days_after_initiation:
            description: The days since it began.
            type: int
            required: true
  replication:
    description:
      - To which buckets objects are copied, see
        U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html).
      - An empty dict removes the replication.
    type: dict
    suboptions:
      role:
        description: The ARN of the IAM role that S3 replicates with.
        type: str
      rules:
        description: The rules.
        type: list
        elements: dict
        suboptions:
          id:
            description: The rule's name.
            type: str
            required: true
          status:
            description: Whether the rule is applied.
            type: str
            choices: [Enabled, Disabled]
            default: Enabled
          priority:
            description: Which rule counts where two have the same destination; the highest does.
            type: int
            default: 1
          filter:
            description: Which objects it is for; all of the bucket by default.
            type: dict
            suboptions:
              prefix:
                description: The beginning of the objects' keys.
                type: str
                default: ""
          delete_marker_replication:
            description: Whether the destination gets the delete markers, too.
            type: dict
            suboptions:
              status:
                description: Whether it does.
                type: str
                choices: [Enabled, Disabled]
                default: Disabled
          source_selection_criteria:
            description: Which further objects are replicated.
            type: dict
            suboptions:
              sse_kms_encrypted_objects:
                description: Those encrypted with a KMS key.
                type: dict
                suboptions:
                  status:
                    description: Whether they are.
                    type: str
                    choices: [Enabled, Disabled]
                    required: true
          destination:
            description: Where the objects go.
            type: dict
            required: true
            suboptions:
              bucket:
                description: The ARN of the bucket.
                type: str
                required: true
              storage_class:
                description: The storage class of the copies; that of the source by default.
                type: str
              encryption_configuration:
                description: How the copies are encrypted.
                type: dict
                suboptions:
                  replica_kms_key_id:
                    description: The ARN of the KMS key in the destination's region.
                    type: str
                    required: true
              replication_time:
                description: Replication Time Control, within 15 minutes by contract.
                type: dict
                suboptions:
                  status:
                    description: Whether it is on.
                    type: str
                    choices: [Enabled, Disabled]
                    required: true
                  time:
                    description: The promised time.
                    type: dict
                    suboptions:
                      minutes:
                        description: AWS takes only 15.
                        type: int
                        default: 15
              metrics:
                description: Metrics and events of the replication, which Replication Time Control needs.
                type: dict
                suboptions:
                  status:
                    description: Whether they are on.
                    type: str
                    choices: [Enabled, Disabled]
                    required: true
                  event_threshold:
                    description: After which time an event is sent.
                    type: dict
                    suboptions:
                      minutes:
                        description: AWS takes only 15.
                        type: int
                        default: 15
  logging:
    description: Where S3 delivers its server access logs of the bucket. An empty dict stops them.
    type: dict
    suboptions:
      target_bucket:
        description: The name of the bucket that gets the logs.
        type: str
      target_prefix:
        description: The beginning of their keys.
        type: str
  force:
    description:
      - Whether O(state=absent) deletes the objects in the bucket, too. None is deleted while Object Lock
        protects one.
    type: bool
    default: false
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep a bucket for backups, none of which can be deleted for three years
  notejam.platform.s3_bucket:
    name: notejam-prod-backups-123456789012-eu-west-1
    public_access_block: {}
    object_ownership: BucketOwnerEnforced
    versioning: Enabled
    object_lock:
      mode: GOVERNANCE
      years: 3
    encryption:
      sse_algorithm: aws:kms
      kms_master_key_id: arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd
      bucket_key_enabled: true
    lifecycle_rules:
      - id: archive
        transitions:
          - {days: 30, storage_class: GLACIER_IR}
        expiration: {days: 1100}
        noncurrent_version_expiration: {noncurrent_days: 1100}
        abort_incomplete_multipart_upload: {days_after_initiation: 7}

- name: Copy them to the standby region
  notejam.platform.s3_bucket:
    name: notejam-prod-backups-123456789012-eu-west-1
    replication:
      role: arn:aws:iam::123456789012:role/notejam-prod-replication
      rules:
        - id: standby
          source_selection_criteria: {sse_kms_encrypted_objects: {status: Enabled}}
          destination:
            bucket: arn:aws:s3:::notejam-prod-backups-123456789012-eu-central-1
            encryption_configuration:
              replica_kms_key_id: arn:aws:kms:eu-central-1:123456789012:key/mrk-1234abcd12ab34cd
"""

RETURN = r"""
kept:
  description: Why the bucket stays, with O(state=absent).
  returned: when it stays
  type: str
s3_bucket:
  description: The bucket with the configurations that the task declares; none once it is deleted.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: notejam-prod-backups-123456789012-eu-west-1
    arn:
      description: Its ARN.
      type: str
      sample: arn:aws:s3:::notejam-prod-backups-123456789012-eu-west-1
    tags:
      description: Its tags.
      type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.resource import argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.s3_bucket import S3Bucket
from ansible_collections.notejam.platform.plugins.module_utils.s3_bucket_options import OPTIONS, contradiction


def main() -> None:
    module = AnsibleAWSModule(argument_spec=argument_spec(**OPTIONS), supports_check_mode=True)
    if problem := contradiction(module.params):
        module.fail_json(msg=problem)
    reconcile(S3Bucket(module))


if __name__ == "__main__":
    main()
