"""Says how what comes from outside can be looked at and read: run in the guest and on this machine, by the same server.

reading.py ADDRESS PORT: the server answers lines: `send N`, `end`, `send N end`, `reset`.
"""

import array
import fcntl
import select
import socket
import sys
import termios

NAMES = [(1, "IN"), (4, "OUT"), (8, "ERR"), (16, "HUP"), (0x2000, "RDHUP")]


def shown(events):
    return " ".join(name for bit, name in NAMES if events & bit)


def now(sock, wanted=0x2005):
    poll = select.poll()
    poll.register(sock, wanted)
    return shown(dict(poll.poll(0)).get(sock.fileno(), 0))


def wait(sock, events):
    poll = select.poll()
    poll.register(sock, events)
    poll.poll()


def waiting(sock, least):
    """FIONREAD, once it is as much as that."""
    number = array.array("i", [0])
    while number[0] < least:
        fcntl.ioctl(sock, termios.FIONREAD, number)
    return number[0]


def attempt(action):
    try:
        return action()
    except OSError as error:
        return error.strerror


def connected():
    return socket.create_connection((sys.argv[1], int(sys.argv[2])))


sock = connected()
edges = select.epoll()
edges.register(sock, select.EPOLLIN | select.EPOLLET)
sock.sendall(b"send 10\n")
wait(sock, select.POLLIN)
print("ten:", waiting(sock, 10), sock.recv(4, socket.MSG_PEEK), now(sock))
print("edge:", shown(dict(edges.poll()).get(sock.fileno(), 0)), edges.poll(0))
print("part:", sock.recv(4), edges.poll(0), waiting(sock, 6), now(sock))
sock.sendall(b"send 5\n")
print("edge:", shown(dict(edges.poll()).get(sock.fileno(), 0)), waiting(sock, 11), edges.poll(0))
print("all, to the byte:", sock.recv(11), repr(now(sock)))
print("nothing:", attempt(lambda: sock.recv(1, socket.MSG_DONTWAIT)), edges.poll(0))
sock.sendall(b"send 100000\n")
print("together:", len(sock.recv(100000, socket.MSG_WAITALL)), repr(now(sock)))
sock.sendall(b"send 70000\n")
pieces = 0
while pieces < 70:
    piece = sock.recv(1000)
    while len(piece) < 1000:
        piece += sock.recv(1000 - len(piece))
    pieces += 1
print("in pieces:", pieces, repr(now(sock)))
sock.sendall(b"send 3 end\n")
wait(sock, 0x2000)
print("the end is near:", now(sock), sock.recv(2), now(sock))
print("last:", sock.recv(2), now(sock), sock.recv(2), sock.recv(2), now(sock))
print("it still takes some:", sock.send(b"x"))
sock = connected()
sock.sendall(b"reset\n")
wait(sock, 0)
print("reset:", now(sock), attempt(lambda: sock.recv(5)), sock.recv(5), attempt(lambda: sock.send(b"x")))
