"""AWS Backup: vaults, plans with their selections, jobs and recovery points."""
