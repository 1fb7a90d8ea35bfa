"""What a machine changed in a tree: captured, written as a layer, kept in a cache, applied again."""
