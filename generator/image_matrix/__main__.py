"""``python -m image_matrix`` is the same as ``image-matrix``."""

from image_matrix.cli import main

main()
