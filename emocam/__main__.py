"""Entry point of the command; worker processes import it again, so its top imports nothing."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from emocam.cli import main

    main()


if __name__ == "__main__":
    main()
