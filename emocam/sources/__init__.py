"""Where pictures come from: cameras and streams, video files, photos."""
