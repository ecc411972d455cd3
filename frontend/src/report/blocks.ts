import { Store } from "../lib/store";

/** What is known of a block of the page: nothing yet, its content, or why it cannot be read. */
export type Block<T> = { state: "reading" } | { state: "read"; data: T } | { state: "broken"; why: string };

const known = new Map<string, Store<Block<unknown>>>();

/** The block of that name, read when it is first asked for. */
export function block<T>(name: string): Store<Block<T>> {
  let store = known.get(name);
  if (!store) {
    store = new Store<Block<unknown>>({ state: "reading" });
    known.set(name, store);
    void read(name).then(
      (data) => store?.set({ state: "read", data }),
      (error: unknown) =>
        store?.set({ state: "broken", why: error instanceof Error ? error.message : String(error) }),
    );
  }
  // The writer of the page puts under each name what the type of the name says.
  return store as Store<Block<T>>;
}

/** Whether the page holds a block of that name. */
export function has(name: string): boolean {
  return element(name) !== null;
}

function element(name: string): Element | null {
  return document.querySelector(`script[data-block="${CSS.escape(name)}"]`);
}

async function read(name: string): Promise<unknown> {
  const text = element(name)?.textContent;
  if (!text) throw new Error(`this page does not hold ${name}`);
  return JSON.parse(await unpack(text)) as unknown;
}

/** Decodes base64 and gzip. */
export async function unpack(text: string): Promise<string> {
  const packed = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}
