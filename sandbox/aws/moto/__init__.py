"""moto, extended: one file a service, each rule with the AWS document it comes from."""

from functools import cache

from sandbox.aws.moto import deterministic, ec2, iam, kms, launch_templates, rds, secretsmanager, speed, wafv2


@cache
def install() -> None:
    """Extend moto in this process, once."""
    deterministic.install()
    ec2.install()
    iam.install()
    kms.install()
    launch_templates.install()
    rds.install()
    secretsmanager.install()
    speed.install()
    wafv2.install()
