"""CloudTrail's event history: what the gateway served, as LookupEvents tells of it."""
