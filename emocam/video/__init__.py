"""Recorded clips: the pipeline, its outputs and its report."""
