"""A web server on loopback whose hosts behave like those of the wild: fast, slow, failing, pausing."""

import html
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOSTS = 6

# A title that must not become markup, a command to a terminal, or another direction of text.
HOSTILE = "</title><script>document.title='taken'</script>\x1b[31m\u202e<img src=x onerror=alert(1)>"


class Quiet(ThreadingHTTPServer):
    """A run that is killed resets its connections."""

    def handle_error(self, *_):
        pass


class Site:
    """The server. `arrivals` are the times of all requests, by `time.monotonic`."""

    def __init__(self):
        site = self
        self.arrivals = []
        self.open = 0
        self.lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with site.lock:
                    site.arrivals.append(time.monotonic())
                    site.open += 1
                try:
                    self.answer()
                except (BrokenPipeError, ConnectionResetError):
                    pass  # A run that stops closes its connections.
                finally:
                    with site.lock:
                        site.open -= 1

            def answer(self):
                kind, _, rest = self.path.strip("/").partition("/")
                headers = {}
                status, title = 200, rest
                if kind == "slow":
                    time.sleep(int(rest.split("/")[0]) / 1000)
                elif kind == "status":
                    status = int(rest.split("/")[0])
                elif kind == "pause":
                    status, headers = 503, {"Retry-After": rest.split("/")[0]}
                elif kind == "hostile":
                    title = html.escape(HOSTILE)
                elif kind != "page":
                    status = 404
                body = f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>".encode()
                self.send_response(status)
                for name, value in {"Content-Type": "text/html", "Content-Length": len(body), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        # All of 127.0.0.0/8 is this machine, so each address is a host of its own.
        self.servers, self.port = [], 0
        for host in range(1, HOSTS + 1):
            server = Quiet((f"127.0.0.{host}", self.port), Handler)
            server.daemon_threads = True
            self.port = server.server_address[1]
            self.servers.append(server)
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def url(self, path, host=1):
        return f"http://127.0.0.{host}:{self.port}{path}"

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
