"""What is drawn: overlay, text, layout, history strip, anonymized heads."""
