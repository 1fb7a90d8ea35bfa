"""The interpreter: one wasm module generated from the instruction rows.

It runs a loop over decoded records, made from guest code when it is first reached. See `docs/ARCHITECTURE.md`,
"Machine contract", for what it exports and promises.
"""
