"""A run of the program in a folder of its own."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading

from browser import wait_until


class Run:
    """A run of the program with a live page. `close` ends it."""

    def __init__(self, program, lines, *options):
        self.program = program
        self.process = None
        self.folder = tempfile.mkdtemp(prefix="live-")
        self.list = self.path("list.txt")
        with open(self.list, "w", newline="\n") as file:
            file.write("\n".join(lines))
        self.options = [self.list, "-o", self.path("out.jsonl"), "--no-robots", "--force-list", *options]
        self.start("--ui", "--summary", self.path("summary.json"), "--report", self.path("report.html"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *options):
        if self.process:
            self.process.stderr.close()
        command = [self.program, "run", *self.options, *options]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GLEANER_")}
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )
        self.said = ""
        threading.Thread(target=self.read, args=[self.process.stderr], daemon=True).start()

    def read(self, stderr):
        for line in stderr:
            self.said += line

    @property
    def url(self):
        """The printed address."""
        return wait_until("the address", lambda: re.search(r"^live page: (\S+)\n", self.said, re.M)).group(1)

    @property
    def origin(self):
        return self.url.split("/?")[0]

    def finish(self):
        return self.process.wait(timeout=60)

    def summary(self):
        with open(self.path("summary.json")) as file:
            return json.load(file)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)
