import type { APIError } from "./api.gen";
import { Failure, type Query } from "./transport";

type Fetch = typeof fetch;

/** Sends a request below /api/ and reads its JSON answer; every other outcome is a Failure. */
export async function request<T>(doFetch: Fetch, path: string, query: Query, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await doFetch(address(path, query), { ...init, credentials: "same-origin" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw unreachable();
  }
  if (!answer.ok) throw await readFailure(answer);
  try {
    return (await answer.json()) as T;
  } catch {
    throw new Failure("internal", `the answer to ${path} is no JSON`, "reload the page");
  }
}

/** The address of an API path; empty values are left out. */
export function address(path: string, query: Query = {}): string {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== "") q.set(name, String(value));
  const text = q.toString();
  return `/api/${path}${text ? "?" + text : ""}`;
}

function unreachable(): Failure {
  return new Failure(
    "unavailable",
    "Loci cannot be reached",
    "see whether the program still runs; this page connects again by itself and nothing stored is lost",
  );
}

async function readFailure(answer: Response): Promise<Failure> {
  try {
    const body = (await answer.json()) as Partial<APIError>;
    if (body.msg) return new Failure(body.code ?? "internal", body.msg, body.hint ?? "", body.ref ?? "");
  } catch {
    // No JSON: fall through to the status line.
  }
  return new Failure(
    "internal",
    `the server answered ${answer.status} ${answer.statusText}`.trim(),
    "reload the page",
  );
}
