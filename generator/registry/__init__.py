"""What a container registry holds: is this reference there, and with which digest.

Answers are data: a registry that is down, or that does not let us look, is not one that has nothing.

- :mod:`generator.registry.reference`: image references and their parts
- :mod:`generator.registry.answers`: what a registry can say
- :mod:`generator.registry.credentials`: Docker's config.json and its helpers
- :mod:`generator.registry.http`: requests with retries, and the network itself
- :mod:`generator.registry.tokens`: authentication
- :mod:`generator.registry.client`: the client
"""
