"""Takes pictures of the live page, to look at: python3 tests/browser/look.py PROGRAM FOLDER

The run has slow hosts, failures, a host that pauses, and workers that are replaced."""

import os
import sys
import time

from browser import Browser, wait_until
from run import Run
from server import Site

# How long the run goes on before the first picture, so that there is something to see.
BEGINNING = 8


def line(site, number):
    """A line of the list. Six hosts differ in what they do."""
    kind = number * 7919 % 100
    if kind < 50:
        return site.url(f"/page/{number}", 1 + number % 3)
    if kind < 80:
        return site.url(f"/slow/{300 + kind * 5}/{number}", 1 + number % 3)
    if kind < 83:
        return site.url(f"/status/{404 if kind < 82 else 500}/{number}", 2)
    if kind < 87:
        return site.url(f"/slow/2500/{number}", 4)
    if kind < 89:
        return site.url(f"/slow/9000/{number}", 5)
    return site.url(f"/pause/9/{number}" if kind < 90 else f"/page/{number}", 6)


def main(program, folder):
    os.makedirs(folder, exist_ok=True)
    site, browser = Site(), Browser()
    options = ["-w3", "--concurrency=6", "--max-tasks-per-worker=60", "--timeout=12s", "--select", "title=title::text"]
    run = Run(os.path.abspath(program), [line(site, number) for number in range(1200)], *options)
    tabs = {
        "light": browser.open(run.url),
        "dark": browser.open(run.url, dark=True),
        "phone": browser.open(run.url, width=390, height=844),
    }

    def picture(state):
        for name, tab in tabs.items():
            tab.picture(os.path.join(folder, f"{state}-{name}.png"))

    light = tabs["light"]
    time.sleep(BEGINNING)
    picture("running")
    light.picture(os.path.join(folder, "whole.png"), whole=True)
    light.click("[data-wish=pause]")
    wait_until("the pause", lambda: "paused" in light.text("#control"))
    picture("paused")
    light.click("[data-wish=resume]")
    wait_until("the run goes on", lambda: "running" in light.text("#control"))
    light.click("[data-wish=drain]")
    wait_until("the run stops", lambda: "stopping" in light.text("#control"))
    picture("stopping")
    for tab in tabs.values():
        wait_until("the end", lambda tab=tab: tab.run("document.body.dataset.link") == "over")
    picture("over")
    run.close()
    browser.close()
    site.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
