"""RV64: one row per instruction, and what is made from the rows."""
