"""What comes in and goes out: cameras, clips, photos, tables, films."""
