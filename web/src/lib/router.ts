import { Store } from './store.ts';

export type Route =
  | { readonly view: 'live' | 'try' | 'detector' | 'meaning' }
  | { readonly view: 'call'; readonly callId: string };

const PLAIN = ['try', 'detector', 'meaning'] as const;

/** The part of the address after `#` tells the view: the service has one page only. */
function routeOf(hash: string): Route {
  const path = hash.replace(/^#\/?/, '');
  if (path.startsWith('call/')) return { view: 'call', callId: decode(path.slice(5)) };
  const view = PLAIN.find((name) => name === path);
  return { view: view ?? 'live' };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Half a character (an id that was cut in the midst of an emoji) has no place in an address. */
export const hrefOfCall = (callId: string) =>
  `#/call/${encodeURIComponent(callId.replace(/\p{Surrogate}/gu, '\ufffd'))}`;

export const route = new Store<Route>(routeOf(location.hash));

addEventListener('hashchange', () => {
  route.set(routeOf(location.hash));
  scrollTo(0, 0);
});
