"""The three uses: each wires a source through faces and emotions to its views."""
