"""The emulated AWS of a sandbox: a gateway of ours in front of an emulator, bridged to what must be real."""
