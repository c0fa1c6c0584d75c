"""moto, extended: one file a service, each rule with the AWS document it comes from."""

from functools import cache

from sandbox.aws.moto import (
    acm,
    alarm_actions,
    autoscaling,
    autoscaling_schedules,
    budgets,
    cloudtrail,
    cloudwatch,
    deterministic,
    ec2,
    ec2_dependencies,
    ec2_endpoints,
    ec2_instances,
    ec2_ipv6,
    ec2_pages,
    ec2_routes,
    ec2_tags,
    ecr,
    ecr_pull_through,
    elbv2,
    elbv2_listeners,
    elbv2_targets,
    flow_logs,
    iam,
    iam_quotas,
    kms,
    kms_states,
    launch_templates,
    logs,
    rds,
    route53,
    route53_routing,
    s3,
    s3_replication,
    secret_rotation,
    secretsmanager,
    snapshots,
    sns,
    speed,
    tagged,
    wafv2,
)


@cache
def install() -> None:
    """Extend moto in this process, once."""
    cloudtrail.install()
    cloudwatch.install()
    alarm_actions.install()
    deterministic.install()
    acm.install()
    autoscaling.install()
    autoscaling_schedules.install()
    budgets.install()
    ec2.install()
    ec2_ipv6.install()
    ec2_routes.install()
    ec2_endpoints.install()
    ec2_instances.install()
    ec2_dependencies.install()
    ec2_pages.install()
    ec2_tags.install()
    ecr.install()
    ecr_pull_through.install()
    elbv2.install()
    elbv2_listeners.install()
    elbv2_targets.install()
    flow_logs.install()
    iam.install()
    iam_quotas.install()
    kms.install()
    kms_states.install()
    launch_templates.install()
    logs.install()
    rds.install()
    route53.install()
    route53_routing.install()
    s3.install()
    s3_replication.install()
    secretsmanager.install()
    secret_rotation.install()
    snapshots.install()
    sns.install()
    speed.install()
    tagged.install()
    wafv2.install()
