"""ECR in front of a real OCI registry: repositories by its API, images by Docker's."""
