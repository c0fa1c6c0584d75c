"""EKS, served by the gateway itself: strict where AWS is strict, and bridged to the sandbox's Kubernetes.

Source of every rule, unless another is named: https://docs.aws.amazon.com/eks/latest/APIReference/
"""
