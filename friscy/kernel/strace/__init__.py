"""Lines as strace(1) writes them: names of values, arguments, and the lines of several tasks."""
