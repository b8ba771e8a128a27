"""Tests the live page and the report in a real browser: python3 tests/browser/live.py PROGRAM

Needs Linux and Debian's package chromium. The run and the browser are real; the server that is scraped is on loopback."""

import json
import os
import signal
import sys
import unittest

from browser import Browser, wait_until
from run import Run
from server import HOSTILE, Site

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None

# What a line of the list may have in it.
SCRIPT = "<script>document.title='taken'</script>"

BARS = "document.querySelectorAll('svg[aria-label=\"Workers over time\"] rect').length"


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        addresses = cls.browser.close()
        cls.site.close()
        far = [address for address in addresses if not address.startswith(("127.0.0.", "[::1]"))]
        assert len(addresses) > 1 and not far, f"these are not of this machine: {far}, of {addresses}"

    def run_of(self, lines, *options):
        run = Run(PROGRAM, lines, *options)
        self.addCleanup(run.close)
        self.site.arrivals.clear()
        return run

    def open(self, run):
        tab = self.browser.open(run.url)
        wait_until("the report", lambda: "Over time" in tab.text("#report"))
        return tab

    def pages(self, count, millis=40):
        return [self.site.url(f"/slow/{millis}/{number}") for number in range(count)]

    def over(self, tab):
        wait_until("the end of the run", lambda: tab.run("document.body.dataset.link") == "over")

    def assert_clean(self, tab, run):
        """Nothing complains, and nothing is asked for but the page itself."""
        self.assertEqual(tab.complaints, [])
        paths = {url.removeprefix(run.origin).split("?")[0] for url in tab.requests}
        self.assertLessEqual(paths, {"/", "/events", "/pause", "/resume", "/drain"}, tab.requests)

    def test_page_and_report_have_a_bar_for_each_worker_and_complain_of_nothing(self):
        run = self.run_of(self.pages(160), "-w2", "--concurrency=4", "--max-tasks-per-worker=20")
        tab = self.open(run)
        self.over(tab)
        self.assertEqual(run.finish(), 0)
        workers = run.summary()["workers"]
        self.assertGreaterEqual(len(workers), 8)
        self.assertEqual(tab.run(BARS), len(workers))
        self.assertIn("160 of 160", tab.text("#control"))
        self.assertIn("The run is over: it is complete.", tab.text("#control"))
        self.assertEqual(tab.run("document.querySelectorAll('button:enabled').length"), 0)
        self.assertEqual(tab.run("document.title"), f"100 %, over · Run of {run.path('out.jsonl')}")
        self.assert_clean(tab, run)
        report = self.browser.open("file://" + run.path("report.html"))
        self.assertEqual(report.run(BARS), len(workers))
        self.assertEqual((report.complaints, len(report.requests)), ([], 1), report.requests)

    def test_pause_stops_requests_resume_goes_on_and_drain_can_be_resumed(self):
        run = self.run_of(self.pages(400), "-w2", "--concurrency=2")
        tab = self.open(run)
        tab.click("[data-wish=pause]")
        wait_until("the pause", lambda: "none is in flight" in tab.text("#control"))
        wait_until("silence", lambda: self.site.open == 0)
        before = len(self.site.arrivals)
        # The page shows that time goes on, and the server sees silence.
        for _ in range(6):
            elapsed = tab.text(".facts")
            wait_until("time goes on", lambda: tab.text(".facts") != elapsed)
        self.assertEqual(len(self.site.arrivals), before)
        self.assertTrue(tab.run("document.querySelector('[data-wish=pause]').disabled"))
        tab.click("[data-wish=resume]")
        wait_until("requests go on", lambda: len(self.site.arrivals) > before + 10)
        tab.click("[data-wish=drain]")
        self.over(tab)
        self.assertEqual(len(tab.dialogs), 1, "it asks before it stops")
        self.assertEqual(run.finish(), 4)
        self.assertIn("it was stopped from this page", tab.text("#control"))
        done = len(self.site.arrivals)
        self.assertLess(done, 400)
        self.assert_clean(tab, run)
        run.start("--resume")
        self.assertEqual(run.finish(), 0, run.said)
        self.assertEqual(len(self.site.arrivals), 400, "no page was asked for twice")

    def test_nobody_else_sees_the_page_or_stops_the_run(self):
        run = self.run_of(self.pages(2000), "-w1", "--concurrency=2")
        known = self.open(run)
        port = run.origin.rsplit(":")[-1]
        for url in [run.origin + "/", run.origin + "/?token=wrong", f"http://rebound.localhost:{port}/"]:
            stranger = self.browser.open(url)
            self.assertNotIn("tasks", stranger.text(), url)
            self.assertEqual(stranger.run("document.scripts.length"), 0, url)
        # Cookies do not tell ports apart, so a page of another port comes with the right cookie.
        known.go(self.site.url("/page/attacker"))
        self.assertEqual(known.run(f"fetch('{run.origin}/').then(() => 'read', () => 'refused')"), "refused")
        for wish in ["pause", "drain"]:
            options = "{method: 'POST', mode: 'no-cors', credentials: 'include'}"
            known.run(f"fetch('{run.origin}/{wish}', {options}).catch(() => null)")
        known.run(
            f"new Promise((done) => {{ const events = new EventSource('{run.origin}/events', {{withCredentials: true}});"
            " events.onerror = () => done(events.close()); })"
        )
        known.run(
            f"new Promise((done) => {{ const frame = document.createElement('iframe'); frame.src = '{run.origin}/';"
            " frame.onload = done; document.body.append(frame); })"
        )
        self.assertTrue(any("frame-ancestors" in complaint for complaint in known.complaints), known.complaints)
        before = len(self.site.arrivals)
        wait_until("the run goes on", lambda: len(self.site.arrivals) > before + 10)
        again = self.browser.open(run.url)
        wait_until("the run goes on", lambda: "running" in again.text("#control"))

    def test_text_from_elsewhere_stays_text(self):
        escape = "\x1b[31mred\x1b]0;taken\x07\u202egnp.exe"
        hostile = [f"no url {SCRIPT}{escape}", self.site.url(f"/status/404/{SCRIPT}"), self.site.url("/hostile/1")]
        run = self.run_of(hostile + self.pages(100), "-w1", "--user-agent", SCRIPT, "--select", "title=title::text")
        tab = self.open(run)
        self.over(tab)
        self.assertEqual(run.finish(), 3)
        self.assertIn(f"no url {SCRIPT}", tab.run("document.querySelector('#report').textContent"))
        with open(run.path("out.jsonl")) as file:
            self.assertEqual(json.loads(file.readlines()[2])["data"]["title"], HOSTILE)
        report = self.browser.open("file://" + run.path("report.html"))
        for page in [tab, report]:
            text = page.run("document.documentElement.outerHTML")
            for part in ["\x1b", "\x07", "\u202e", SCRIPT]:
                self.assertNotIn(part, text)
            self.assertNotEqual(page.run("document.title"), "taken")
            self.assertEqual((page.complaints, page.dialogs), ([], []))
        self.assertEqual(tab.run("document.scripts.length"), 1)
        self.assert_clean(tab, run)

    def test_updates_keep_the_place_and_what_is_open(self):
        lines = self.pages(40, 20)
        lines += [self.site.url(f"/status/{404 if number % 3 else 410}/{number}") for number in range(400)]
        run = self.run_of(lines, "-w1", "--concurrency=2", "--max-retries=0", "--delay=20ms")
        tab = self.open(run)
        second = "[...document.querySelectorAll('details')].find((it) => it.innerText.includes('410'))"
        wait_until("two kinds of failures", lambda: tab.run(f"Boolean({second})"))
        tab.run(f"{second}.open = true; document.querySelector('details').open = false; window.kept = {second}")
        tab.run("window.scrollTo(0, 700)")
        state = f"[window.kept === {second}, {second}.open, {second}.isConnected, Math.abs(window.scrollY - 700) < 100]"
        shown = "document.querySelector('#report .tile dd').innerText"
        for _ in range(3):
            before = tab.run(shown)
            wait_until("an update", lambda: tab.run(shown) != before)
            self.assertEqual(tab.run(state), [True] * 4)
        self.assert_clean(tab, run)

    def test_a_lost_connection_is_said(self):
        run = self.run_of(self.pages(2000), "-w1")
        tab = self.open(run)
        self.assertEqual(tab.text("#link"), "")
        run.process.send_signal(signal.SIGKILL)
        wait_until("the loss is said", lambda: tab.text("#link") == "Connection lost, trying again.")
        self.assertIn("of 2", tab.text("#control"), "the numbers stay")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
