"""Where the command begins. Processes that are started for photos import this module again, so it
is kept from importing anything by itself."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from emocam.cli import main

    main()


if __name__ == "__main__":
    main()
