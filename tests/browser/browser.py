"""A real browser: Debian's Chromium, driven over its DevTools protocol through a pipe, so that it opens no port."""

import base64
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time

# Only a failing test waits so long.
PROMPTLY = 30


def wait_until(what, condition, seconds=PROMPTLY):
    """Waits until the condition gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.02)


class Browser:
    """Chromium without a window. `close` ends it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="browser-")
        for_browser, commands = os.pipe()
        answers, of_browser = os.pipe()
        self.out = os.fdopen(commands, "wb", buffering=0)
        self.into = os.fdopen(answers, "rb", buffering=0)
        command = [
            "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-component-update", "--disable-background-networking", "--disable-sync",
            "--disable-default-apps", "--disable-extensions", "--metrics-recording-only",
            # No name resolves, except those of this machine. So nothing that the browser does by itself leaves it.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.localhost, EXCLUDE localhost, EXCLUDE 127.0.0.*",
            f"--user-data-dir={self.folder}", f"--log-net-log={self.folder}/net.json", "--remote-debugging-pipe",
            "about:blank",
        ]
        # The browser reads commands from descriptor 3 and writes answers to descriptor 4.
        script = f'exec "$@" 3<&{for_browser} 4>&{of_browser}'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "browser", *command],
            pass_fds=(for_browser, of_browser), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(for_browser)
        os.close(of_browser)
        self.lock = threading.Lock()
        self.last = 0
        self.answers = {}
        self.tabs = {}
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        rest = b""
        while True:
            try:
                piece = self.into.read(1 << 16)
            except (OSError, ValueError):
                return  # The browser was closed.
            if not piece:
                return
            *messages, rest = (rest + piece).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self.answers[message["id"]].put(message)
                elif tab := self.tabs.get(message.get("sessionId")):
                    tab.happened(message["method"], message["params"])

    def send(self, method, session=None, **params):
        """Sends a command without waiting for its answer."""
        with self.lock:
            self.last += 1
            number = self.last
            self.answers[number] = queue.Queue()
            message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
            self.out.write(json.dumps(message).encode() + b"\0")
        return number

    def call(self, method, session=None, **params):
        """Sends a command and returns its answer."""
        answer = self.answers[self.send(method, session, **params)].get(timeout=PROMPTLY)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, url, width=1280, height=900, dark=False):
        """Opens a tab with cookies of its own."""
        return Tab(self, url, width, height, dark)

    def close(self):
        """Ends the browser. Returns the addresses that it has tried to connect to, by its network log."""
        self.send("Browser.close")
        self.process.wait(timeout=PROMPTLY)
        self.out.close()
        self.into.close()
        with open(f"{self.folder}/net.json") as file:
            log = json.load(file)
        shutil.rmtree(self.folder, ignore_errors=True)
        names = {number: name for name, number in log["constants"]["logEventTypes"].items()}
        attempts = [event for event in log["events"] if names[event["type"]] == "TCP_CONNECT_ATTEMPT"]
        return {event["params"]["address"] for event in attempts if "address" in event.get("params", {})}


class Tab:
    """A page in the browser, with everything that it asks for and complains about."""

    def __init__(self, browser, url, width, height, dark):
        self.browser = browser
        self.requests = []
        self.complaints = []
        self.dialogs = []
        self.is_loaded = False
        context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.tabs[self.session] = self
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        if dark:
            self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.go(url)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def happened(self, method, params):
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded":
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Page.loadEventFired":
            self.is_loaded = True
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
            self.browser.send("Page.handleJavaScriptDialog", self.session, accept=True)

    def go(self, url):
        self.is_loaded = False
        self.call("Page.navigate", url=url)
        wait_until(f"{url} is loaded", lambda: self.is_loaded)

    def run(self, script):
        """What an expression gives."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def text(self, selector="body"):
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def click(self, selector):
        """Clicks with the mouse, as a user does."""
        box = self.run(
            f"(() => {{ const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ["mousePressed", "mouseReleased"]:
            at = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1}
            # A click may open a dialog, which would hold back the answer until it is closed.
            self.browser.send("Input.dispatchMouseEvent", self.session, type=kind, **at)

    def picture(self, path, whole=False):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
