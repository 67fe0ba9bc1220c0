"""A small SCEP server that does one thing wrong, in front of scep-ca answer.

scep_stranger.py CA [HABIT [FILE]] prints its address and serves until it is
killed.  Habits: nocaps, html, moved, hostile; list (FILE is the answer to
GetCACert), lose (the first reply to PKIOperation is lost), nopost (the status
of a POST is FILE or 405, and there is no GetCACaps), caps (FILE is the answer
to GetCACaps), slow (each answer to PKIOperation takes FILE seconds), endless,
endless-head, silent (the answer to GetCACert never ends, or never begins), old
(no Renewal, and RenewalReq is refused).
"""
import base64
import http.server
import subprocess
import sys
import time
import urllib.parse

ca, habit, extra = (sys.argv[1:] + ["", ""])[:3]
asked = []


def answer(operation, body):
    return subprocess.run(
        ["scep-ca", "answer", "--dir", ca, "--operation", operation],
        input=body, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def reply(self, code, kind, body, headers=()):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def never_end(self):
        self.close_connection = True
        try:
            while habit == "silent":
                time.sleep(1)
            self.wfile.write(b"HTTP/1.0 200 OK\r\n")
            if habit == "endless":
                self.wfile.write(b"\r\n0")
            while True:
                self.wfile.write(b"X: " + b"x" * 65536 + b"\r\n")
        except OSError:
            pass

    def handle_one(self, body):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        operation = query["operation"][0]
        asked.append(self.command + " " + operation)
        with open(ca + "/asked", "a") as f:
            print(self.command, operation, *query.get("message", [""])[:1]
                  if operation != "PKIOperation" else "", file=f)
        if habit == "nopost" and self.command == "POST":
            return self.reply(int(extra or 405), "text/plain", b"GET only")
        if operation == "GetCACert" and habit in ("endless", "endless-head",
                                                  "silent"):
            return self.never_end()
        if operation == "GetCACaps" and habit == "caps":
            return self.reply(200, "text/plain", open(extra, "rb").read())
        if operation == "GetCACaps" and habit == "old":
            return self.reply(200, "text/plain",
                              b"AES\nPOSTPKIOperation\nSHA-256\n")
        # messageType is a PrintableString: 17, as the second attribute value.
        if habit == "old" and b"\x31\x04\x13\x0217" in body:
            return self.reply(400, "text/plain", b"unknown messageType")
        if operation == "PKIOperation" and habit == "slow":
            time.sleep(float(extra))
        if operation == "GetCACaps" and habit in ("nocaps", "nopost"):
            return self.reply(404, "text/plain", b"no such operation")
        if operation == "GetCACert":
            if habit == "html":
                return self.reply(200, "text/html", b"<h1>Log in</h1>\n")
            if habit == "moved":
                return self.reply(302, "text/html", b"",
                                  [("Location", "https://else.where/\x1b[2J")])
            if habit == "hostile":
                return self.reply(500, "text/plain; a=\x1b[2J",
                                  b"oh\x1b[2J\nscep-enroll: all is well"
                                  + "\u202e".encode())
            if habit == "list":
                return self.reply(200, "application/x-x509-ca-ra-cert",
                                  open(extra, "rb").read())
        if operation == "PKIOperation" and self.command == "GET":
            body = base64.b64decode(query["message"][0].replace(" ", "+"))
        out = answer(operation, body)
        if operation == "PKIOperation" and habit == "lose" and \
                asked.count(self.command + " " + operation) == 1:
            self.close_connection = True
            return
        self.reply(200, "application/octet-stream", out)

    def do_GET(self):
        self.handle_one(b"")

    def do_POST(self):
        self.handle_one(self.rfile.read(int(self.headers["Content-Length"])))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("http://127.0.0.1:%d/scep" % server.server_address[1], flush=True)
server.serve_forever()
