"""What a face seems to express: descriptors, codebook, kernel model, emotion clusters."""
