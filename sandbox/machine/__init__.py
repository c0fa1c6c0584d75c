"""What the sandbox asks of the machine it is on: rights, disk, ports, packages, a bridge."""
