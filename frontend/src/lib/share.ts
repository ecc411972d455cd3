import type { Detail, ImportOffer, Sizes, ShareJob, ShareOffer } from "./api.gen";
import { address, request } from "./http";

const USUAL: Detail = { episodes: true, memory: true, weights: false };

/** What is shared unless the person chooses otherwise: all but the weights. */
export function usualDetail(): Detail {
  return { ...USUAL };
}

/** How large a file with that detail will be, about. */
export function sizeOf(sizes: Sizes, detail: Detail): number {
  return (
    sizes.results +
    (detail.episodes ? sizes.episodes : 0) +
    (detail.memory ? sizes.memory : 0) +
    (detail.weights ? sizes.weights : 0)
  );
}

/** Bytes as people say them: 512 bytes, 40 MB, 1.2 GB. */
export function bytes(n: number): string {
  if (n >= 1e9) return `${Math.round(n / 1e8) / 10} GB`;
  if (n >= 1e6) return `${Math.round(n / 1e5) / 10} MB`;
  if (n >= 1e3) return `${Math.round(n / 1e3)} kB`;
  return `${n} bytes`;
}

/** How large a page will be: base64 takes a third more, and above its limit it holds fewer episodes. */
export function pageSize(offer: ShareOffer, detail: Detail): { size: number; fewer: boolean } {
  const viewer = Math.max(0, offer.page - (sizeOf(offer.sizes, USUAL) * 4) / 3);
  const size = viewer + (sizeOf(offer.sizes, { ...detail, weights: false }) * 4) / 3;
  return { size: Math.min(size, offer.page_most), fewer: size > offer.page_most };
}

/** Where a finished file is fetched. */
export function fileAddress(job: ShareJob): string {
  return address(`share/${job.id}/file`);
}

/** Sends a file to be checked. Nothing of it is kept yet. */
export function sendFile(file: Blob, signal?: AbortSignal): Promise<ImportOffer> {
  return request<ImportOffer>(
    (...args) => fetch(...args),
    "import",
    {},
    {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: file,
      ...(signal ? { signal } : {}),
    },
  );
}
