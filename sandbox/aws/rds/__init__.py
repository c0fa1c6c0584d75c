"""RDS in front of real PostgreSQL servers."""
