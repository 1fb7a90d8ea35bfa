import os
import resource
import select
import signal
import time

seen = []
signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
os.kill(os.getpid(), signal.SIGUSR1)
signal.raise_signal(signal.SIGUSR1)
print(seen)


def ring(number, frame):
    raise TimeoutError("alarm")


signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    while True:
        pass
except TimeoutError as error:
    print(error, signal.getitimer(signal.ITIMER_REAL))
signal.setitimer(signal.ITIMER_REAL, 0.05)
started = time.monotonic()
try:
    time.sleep(10)
except TimeoutError as error:
    print(error, 0.04 < time.monotonic() - started < 5)
signal.signal(signal.SIGALRM, lambda *_: seen.append("rang"))
signal.setitimer(signal.ITIMER_REAL, 0.02)
started = time.monotonic()
time.sleep(0.1)
print(seen, time.monotonic() - started >= 0.1)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.kill(os.getpid(), signal.SIGUSR1)
print(signal.sigpending(), seen)
print(signal.sigwait([signal.SIGUSR1]), signal.sigtimedwait([signal.SIGUSR1], 0.01))
read, write = os.pipe()
print(select.select([read], [write], [], 0)[1] == [write], select.select([read], [], [], 0.02)[0])
os.write(write, b"x")
print(len(select.select([read], [], [], 5)[0]))
poll = select.poll()
poll.register(read, select.POLLIN)
print(poll.poll(10)[0][1])
epoll = select.epoll()
epoll.register(read, select.EPOLLIN)
print(epoll.poll(1)[0][1])
os.close(write)
os.read(read, 1)
print(epoll.poll(1)[0][1])
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
r, w = os.pipe()
os.close(r)
try:
    os.write(w, b"x")
except BrokenPipeError as error:
    print(error)
print(
    time.time() > 1.7e9,
    time.clock_getres(time.CLOCK_MONOTONIC),
    time.process_time() > 0,
    time.localtime(0)[:6],
    time.tzname,
)
a, b = time.perf_counter_ns(), time.perf_counter_ns()
print(b > a, time.thread_time() > 0)
print(
    resource.getrlimit(resource.RLIMIT_CORE)[1] >= 0,
    resource.getrusage(resource.RUSAGE_SELF).ru_utime > 0,
    len(os.urandom(32)),
    os.urandom(8) != os.urandom(8),
)
