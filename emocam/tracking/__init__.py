"""Faces over time: who is who, one-euro filtered boxes, scene cuts."""
