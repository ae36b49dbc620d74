"""``python -m image_matrix`` is the same as ``image-matrix``: it starts :mod:`image_matrix.cli`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while its modules are imported is answered as :mod:`image_matrix.cli` does."""
    try:
        from image_matrix.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
