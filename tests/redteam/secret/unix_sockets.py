"""Sockets of the machine's services, in files and abstract, are reachable from the sandbox."""

# %% answer:number
import socket

for name in ("@socket@", "\0@abstract@", "/run/docker.sock", "/var/run/dbus/system_bus_socket", "/run/systemd/notify"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            peer = socket.socket(socket.AF_UNIX, kind)
            peer.connect(name)
            peer.sendall(b"hello from the sandbox")
            print("GOT" + "CHA", name)
        except OSError as error:
            print(error)
