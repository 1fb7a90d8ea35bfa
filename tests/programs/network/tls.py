"""TLS both ways: `client PORT` asks the host, `server` answers one connection on port 7443."""

import socket
import ssl
import sys

CERTIFICATE, KEY = sys.stdin.buffer.readline(), sys.stdin.buffer.readline()
for name, data in (("/tmp/pem", CERTIFICATE), ("/tmp/key", KEY)):
    with open(name, "wb") as file:
        file.write(data.replace(b"|", b"\n"))
if sys.argv[1] == "client":
    context = ssl.create_default_context(cafile="/tmp/pem")
    plain = socket.create_connection(("host.docker.internal", int(sys.argv[2])))
    with context.wrap_socket(plain, server_hostname="host.docker.internal") as secure:
        secure.sendall(b"from the guest\n")
        print(secure.version(), secure.makefile("rb").readline())
else:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/tmp/pem", "/tmp/key")
    with (
        socket.create_server(("", 7443)) as listener,
        context.wrap_socket(listener, server_side=True) as server,
    ):
        print("ready", flush=True)
        connection, _ = server.accept()
        with connection:
            connection.sendall(connection.recv(100).upper())
