"""Faces in a picture: image pyramid, sliding templates, verifier, Haar cascades."""
