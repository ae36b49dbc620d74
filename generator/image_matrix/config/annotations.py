"""Names annotations and labels of images that say where they come from.

Source: github.com/opencontainers/image-spec, annotations.md.
"""

from __future__ import annotations

REVISION = "org.opencontainers.image.revision"
"""The commit."""
SOURCE = "org.opencontainers.image.source"
"""The address of the repository with the sources."""
