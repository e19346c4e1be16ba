"""Teaching emocam one person's face: from photos, from clips, and with the camera."""
