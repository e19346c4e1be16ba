"""Entry point of the command; worker processes import it again, so its top imports nothing."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    import gc

    from emocam.streams import open_missing_streams

    # Start-up makes many objects that stay, which Python's collector of cycles would go through
    # again and again; that took a twentieth of a command's start.
    gc.set_threshold(50_000, 20, 20)
    open_missing_streams()
    try:
        from emocam.cli import main
    except KeyboardInterrupt:  # nobody else takes it while this is imported
        raise SystemExit(130) from None
    main()


if __name__ == "__main__":
    try:
        main()
    finally:
        # Python notes an interrupt that leaves code given as text, which `dataclass` and
        # `namedtuple` run on import, and even when it is caught `python -m` then kills itself with
        # SIGINT in place of the exit code. Running any text takes the note back.
        exec("")
