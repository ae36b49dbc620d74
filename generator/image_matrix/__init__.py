"""image-matrix: one declarative ``matrix.yaml`` for a family of container images."""

__version__ = "0.1.0"
