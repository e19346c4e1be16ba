"""Input and output: cameras, clips, photos, tables, films."""
