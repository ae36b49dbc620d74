"""``python -m image_matrix`` is the same as ``image-matrix``: it starts :mod:`image_matrix.cli`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while its modules are imported is answered as :mod:`image_matrix.cli` does."""
    try:
        from image_matrix.cli import main as run

        run()
    except (KeyboardInterrupt, RuntimeError) as error:
        # Python 3.11 makes one of what comes while a class is made (docs.python.org, "What's New In Python 3.12")
        if isinstance(error, RuntimeError) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
