"""What a face seems to express: descriptors, vocabulary, clusters, and the model file."""
