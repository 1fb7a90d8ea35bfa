"""run.py KERNEL SIZE: print what a kernel computes, and the milliseconds that it takes."""

import importlib
import sys
import time

kernel = importlib.import_module(sys.argv[1])
begin = time.perf_counter()
answer = kernel.run(int(sys.argv[2]))
print(answer, f"{(time.perf_counter() - begin) * 1e3:.3f}")
