"""Follows an event stream with a client from PyPI: follow.py CLIENT URL [LAST_EVENT_ID]

Prints every event that the client hands out as one line of JSON, until the connection ends.
"""

import json
import sys

import httpx
import httpx_sse
import requests
import sseclient

client, url, *last_event_id = sys.argv[1:]
headers = {"last-event-id": last_event_id[0]} if last_event_id else {}


def print_event(event):
    line = json.dumps({"kind": event.event, "data": event.data, "id": event.id})
    print(line, flush=True)


if client == "sseclient-py":
    response = requests.get(url, headers=headers, stream=True)
    for event in sseclient.SSEClient(response).events():
        print_event(event)
elif client == "httpx-sse":
    with httpx.Client(timeout=None) as http:
        with httpx_sse.connect_sse(http, "GET", url, headers=headers) as source:
            for event in source.iter_sse():
                print_event(event)
else:
    sys.exit(f"no such client: {client}")
