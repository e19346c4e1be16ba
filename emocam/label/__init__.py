"""Folders of photos: the run, its journal, its workers and its galleries."""
