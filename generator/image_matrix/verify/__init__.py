"""The contract of an image, checked on running containers: see docs/verify.md."""
