"""Where a FROM comes from: image sources, their layers, and the flat tree these become."""
