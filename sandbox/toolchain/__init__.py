"""The Go programs of the sandbox: which they are, where they are found, how they are built."""
