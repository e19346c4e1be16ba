"""Entry point of the command. Worker processes import it again, so it imports nothing at its top."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from emocam.cli import main

    main()


if __name__ == "__main__":
    main()
