"""Images to lists that other programs read: a catalog as JSON, and ``devcontainer.json``."""
