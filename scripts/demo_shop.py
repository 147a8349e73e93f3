"""Serves the demo's shop on the port after the server's, as soon as the server answers, and as long as it lives.

Its arguments are the server's process id, the address of its health, and its port.
"""

import socket
import sys

from ready import wait

HOST = "127.0.0.1"  # while the server is called localhost: another site, as a customer's shop is


def main() -> None:
    """Wait, look whether the port is free, serve."""
    server, port = int(sys.argv[1]), int(sys.argv[3]) + 1
    wait(server, sys.argv[2])
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            return
    from app.demo import shop_pages
    from app.kernel.config import get_settings

    print(f"  the shop on another origin · 另一个域名      http://{HOST}:{port}/", flush=True)
    shop_pages.run(get_settings(), HOST, port, server)


if __name__ == "__main__":
    main()
