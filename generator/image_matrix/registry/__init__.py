"""Asks container registries whether a reference exists, and for its digest; writes to them what is no image.

Answers are data: a registry that is down or denies access is not the same as a missing image.

- :mod:`image_matrix.registry.reference`: image references and their parts
- :mod:`image_matrix.registry.answers`: the answers of a registry
- :mod:`image_matrix.registry.credentials`: Docker's config.json and its helpers
- :mod:`image_matrix.registry.exchange`: requests, responses, connections that fail
- :mod:`image_matrix.registry.http`: the HTTP client; :mod:`image_matrix.registry.patience`: requests with retries
- :mod:`image_matrix.registry.tokens`: authentication; :mod:`image_matrix.registry.authorizations`: once per repository
- :mod:`image_matrix.registry.manifests`: manifests, indexes and configurations as registries send them
- :mod:`image_matrix.registry.client`: the client; :mod:`image_matrix.registry.opening`: the client for real registries
- :mod:`image_matrix.registry.upload`: writes blobs, manifests and tags
"""
