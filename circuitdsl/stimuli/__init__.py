"""Images to look at networks with: drawn figures, drawn scenes, photographs."""
