"""The live session: its threads, its sinks and its controls."""
