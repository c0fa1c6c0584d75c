"""The rehearsal cloud: an emulated AWS and real Kubernetes, PostgreSQL, registry and Git behind it."""
