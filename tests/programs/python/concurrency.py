"""What Python builds on processes, threads and local sockets."""

import asyncio
import concurrent.futures
import multiprocessing
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading


def square(n):
    return n * n


def count(value, times):
    for _ in range(times):
        with value.get_lock():
            value.value += 1


def echo(connection):
    connection.send([connection.recv(), os.getpid() != PARENT])
    connection.close()


PARENT = os.getpid()


def processes():
    print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 3"], capture_output=True))
    print(subprocess.check_output("tr a-z A-Z | rev", shell=True, input=b"hello"))
    piped = subprocess.Popen(["sort"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print(piped.communicate("b\na\n"))
    sleeper = subprocess.Popen(["sleep", "100"])
    sleeper.terminate()
    print(sleeper.wait(), os.waitstatus_to_exitcode(os.system("exit 5")))
    try:
        subprocess.run(["sleep", "100"], timeout=0.05)
    except subprocess.TimeoutExpired as error:
        print(type(error).__name__)
    try:
        subprocess.run(["/not/there"])
    except FileNotFoundError as error:
        print(error)
    big = subprocess.run([sys.executable, "-c", "print('x' * 200000)"], stdout=subprocess.PIPE)
    print(len(big.stdout))
    child = os.fork()
    if not child:
        os._exit(9)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def threads():
    results = queue.Queue()
    workers = [threading.Thread(target=lambda n=n: results.put(n * n)) for n in range(50)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(sum(results.get() for _ in workers))
    event, seen = threading.Event(), []
    timer = threading.Timer(0.01, event.set)
    timer.start()
    print(event.wait(10), event.wait(0), threading.Event().wait(0.01))
    local = threading.local()
    local.x = 1
    thread = threading.Thread(target=lambda: seen.append(hasattr(local, "x")))
    thread.start()
    thread.join()
    print(seen, threading.active_count())
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print(list(pool.map(square, range(8))))


def multiprocesses():
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        print(pool.map(square, range(10)), pool.apply_async(square, (12,)).get())
    value = context.Value("i", 0)
    workers = [context.Process(target=count, args=(value, 100)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(value.value, [worker.exitcode for worker in workers])
    ours, theirs = context.Pipe()
    worker = context.Process(target=echo, args=(theirs,))
    worker.start()
    ours.send({"a": 1})
    print(ours.recv())
    worker.join()
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        print(sum(pool.map(square, range(20))))


async def server(reader, writer):
    writer.write((await reader.readline()).upper())
    await writer.drain()
    writer.close()


async def client(path, n):
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"line %d\n" % n)
    line = await reader.readline()
    writer.close()
    return line


async def loops():
    path = os.path.join(tempfile.mkdtemp(), "socket")
    listening = await asyncio.start_unix_server(server, path)
    print(await asyncio.gather(*(client(path, n) for n in range(5))))
    listening.close()
    process = await asyncio.create_subprocess_exec("tr", "a-z", "A-Z", stdin=-1, stdout=-1)
    print(await process.communicate(b"asyncio\n"), process.returncode)
    print(await asyncio.to_thread(square, 11))
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.01)
    except TimeoutError:
        print("timeout")
    caught = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, caught.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await caught.wait()
    print("signal")


def sockets():
    one, other = socket.socketpair()
    one.sendall(b"x" * 100)
    print(len(other.recv(1000)))
    socket.send_fds(one, [b"fd"], [1])
    message, fds, _, _ = socket.recv_fds(other, 10, 4)
    print(message, len(fds))
    one.close()
    print(other.recv(1))


processes()
threads()
multiprocesses()
asyncio.run(loops())
sockets()
