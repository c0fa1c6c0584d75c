"""Errors that a person reads: each says what is wrong, where it was set, and what to do."""


class SandboxError(Exception):
    """Something a person has to mend; the command line prints it without a traceback and exits with 1."""
