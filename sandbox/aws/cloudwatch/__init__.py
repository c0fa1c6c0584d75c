"""CloudWatch's alarms: their states by the metrics, and what they do when they change."""
