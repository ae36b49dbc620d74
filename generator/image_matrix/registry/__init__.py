"""What a container registry holds: is this reference there, and with which digest.

Answers are data: a registry that is down, or that does not let us look, is not one that has nothing.

- :mod:`image_matrix.registry.reference`: image references and their parts
- :mod:`image_matrix.registry.answers`: what a registry can say
- :mod:`image_matrix.registry.credentials`: Docker's config.json and its helpers
- :mod:`image_matrix.registry.http`: requests with retries, and the network itself
- :mod:`image_matrix.registry.tokens`: authentication
- :mod:`image_matrix.registry.client`: the client
"""
