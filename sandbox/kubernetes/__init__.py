"""The sandbox's Kubernetes: what EKS would run (control plane, nodes, add-ons), on this machine."""
