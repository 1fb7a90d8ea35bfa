"""The machine: guest memory, wasm engines, harts and the dispatch loop."""
