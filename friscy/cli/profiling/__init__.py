"""`friscy bench --profile`: where a bundle's run spends its time, and what the interpreter had to do, and why."""
