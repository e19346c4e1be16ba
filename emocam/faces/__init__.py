"""Where a face is: detection, the crop in the training format, who is who."""
