// Follows an event stream with a client from npm: follow.mjs CLIENT URL [LAST_EVENT_ID]
// Prints every event that the client hands out as one line of JSON, until it is killed or,
// where the client does not reconnect by itself, until the connection ends.

import { fetchEventSource } from '@microsoft/fetch-event-source';
import { EventSource } from 'eventsource';
import { createParser } from 'eventsource-parser';

const [client, url, lastEventId] = process.argv.slice(2);
const print = (kind, data, id) => console.log(JSON.stringify({ kind, data, id }));

const clients = {
  eventsource() {
    // Listeners have to know the names; what is dispatched has them all.
    class Watched extends EventSource {
      dispatchEvent(event) {
        if ('data' in event) print(event.type, event.data, event.lastEventId);
        return super.dispatchEvent(event);
      }
    }
    new Watched(url);
  },

  'fetch-event-source'() {
    // It is made for pages, and asks them for no more than this.
    globalThis.window = globalThis;
    globalThis.document = { addEventListener() {}, removeEventListener() {} };
    fetchEventSource(url, {
      openWhenHidden: true,
      fetch,
      onmessage: ({ event, data, id }) => print(event || 'message', data, id),
    });
  },

  async 'eventsource-parser'() {
    const parser = createParser({
      onEvent: ({ event, data, id }) => print(event ?? 'message', data, id),
      onError: (error) => { throw error; },
    });
    const headers = lastEventId ? { 'last-event-id': lastEventId } : {};
    const response = await fetch(url, { headers });
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      parser.feed(text);
    }
  },
};

clients[client]();
