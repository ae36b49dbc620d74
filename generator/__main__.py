"""``python -m generator`` is the same as ``image-matrix``."""

from generator.cli import main

main()
