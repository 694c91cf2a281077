#!/usr/bin/env python3
"""A checker behind HTTP that does what the completion says, and a judge that speaks SandboxFusion's /run_code.

Prints its port. Everything but "right", "slow_enough", "chunked" and "drop_once" is a way to fail.
"""
import base64
import http.server
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

seen = set()
seen_lock = threading.Lock()


def first_time(key):
    with seen_lock:
        fresh = key not in seen
        seen.add(key)
        return fresh


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        if self.path == "/run_code":
            return self.reply(json.dumps(run_code(request)))
        items = request if isinstance(request, list) else [request]
        getattr(self, items[0]["completion"].split()[0])(request)

    def reply(self, text, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def answer(self, request, score=None):
        if isinstance(request, list):  # in another order than asked
            return self.reply(json.dumps([{"id": r["id"], "score": r["gold"]} for r in reversed(request)]))
        self.reply(json.dumps({"id": request["id"], "score": request["gold"] if score is None else score}))

    def cut(self, text):
        self.wfile.write(text)
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def right(self, request):
        self.answer(request)

    def slow_enough(self, request):
        time.sleep(0.05)
        self.answer(request)

    def chunked(self, request):
        text = json.dumps({"id": request["id"], "score": request["gold"]}).encode()
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.cut(head + b"".join(b"1\r\n%c\r\n" % byte for byte in text) + b"0\r\n\r\n")

    def drop_once(self, request):
        if first_time(request["id"]):
            return self.cut(b"")
        self.answer(request)

    def status_500(self, request):
        self.reply(json.dumps({"id": request["id"], "score": 1}), 500)

    def status_404(self, request):
        self.reply(json.dumps({"id": request["id"], "score": 1}), 404)

    def not_json(self, request):
        self.reply("<html>score: 1</html>")

    def not_http(self, request):
        self.cut(b"score: 1\r\n\r\n")

    def closed(self, request):
        self.cut(b"")

    def reset(self, request):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def half_body(self, request):
        self.cut(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + json.dumps({"id": request["id"]}).encode())

    def half_header(self, request):
        self.cut(b"HTTP/1.1 200 O")

    def endless_header(self, request):
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.wfile.write(b"A: %s\r\n" % (b"b" * 4000))
        except OSError:
            self.close_connection = True

    def huge_body(self, request):
        self.cut(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{")

    def negative_length(self, request):
        self.cut(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}")

    def sleep(self, request):
        time.sleep(3)
        self.answer(request)

    def drip(self, request):
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(30):
                self.wfile.write(b" ")
                time.sleep(0.1)
        except OSError:
            pass
        self.close_connection = True

    def other_id(self, request):
        self.answer({**request, "id": request["id"] + 1})

    def not_a_number(self, request):
        self.answer(request, float("nan"))

    def score_is_text(self, request):
        self.answer(request, "1")

    def a_list(self, request):
        self.reply(json.dumps([{"id": request["id"], "score": 1}]))

    def error(self, request):
        self.reply(json.dumps({"id": request["id"], "error": "no model"}))

    def one_missing(self, request):
        self.reply(json.dumps([{"id": r["id"], "score": 1} for r in request[1:]]))

    def one_twice(self, request):
        self.reply(json.dumps([{"id": r["id"], "score": 1} for r in request + request[:1]]))


def run_code(request):
    """What SandboxFusion answers for bash, without isolation, as its sample configuration is."""
    if "FAIL_THE_SANDBOX" in request["code"]:
        return {"status": "SandboxError", "message": "no space left", "compile_result": None, "run_result": None,
                "files": {}}
    with tempfile.TemporaryDirectory() as directory:
        for name, content in request["files"].items():
            with open(os.path.join(directory, name), "wb") as file:
                file.write(base64.b64decode(content))
        with open(os.path.join(directory, "main.sh"), "w") as file:
            file.write(request["code"])
        start, most = time.time(), request["memory_limit_MB"] << 20
        program = subprocess.Popen(["bash", "main.sh"], cwd=directory, stdin=subprocess.DEVNULL, start_new_session=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)))
        try:
            out, err = program.communicate(timeout=request["run_timeout"])
            result = {"status": "Finished", "return_code": program.returncode}
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, 9)
            out, err = program.communicate()
            result = {"status": "TimeLimitExceeded", "return_code": None}
        result.update(execution_time=time.time() - start, stdout=out.decode(), stderr=err.decode())
        files = {}
        for name in request["fetch_files"]:
            path = os.path.join(directory, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    files[name] = base64.b64encode(file.read()).decode()
    ok = result["status"] == "Finished" and result["return_code"] == 0
    return {"status": "Success" if ok else "Failed", "message": "", "compile_result": None, "run_result": result,
            "executor_pod_name": None, "files": files}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
