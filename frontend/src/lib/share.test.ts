import { describe, expect, it } from "vitest";
import type { ShareOffer } from "./api.gen";
import { bytes, pageSize, sizeOf, usualDetail } from "./share";

const sizes = { results: 2e6, episodes: 40e6, memory: 12e6, weights: 300e6 };

function offer(part: Partial<ShareOffer>): ShareOffer {
  return {
    title: "",
    budget: "fast",
    sentence: "",
    runs: 1,
    sizes,
    page: 73e6,
    page_most: 100e6,
    early: false,
    stale: "",
    recorded: "",
    ...part,
  };
}

describe("sharing", () => {
  it("shares all but the weights unless told otherwise", () => {
    expect(sizeOf(sizes, usualDetail())).toBe(54e6);
    expect(sizeOf(sizes, { episodes: false, memory: false, weights: true })).toBe(302e6);
  });

  it("tells sizes in three digits at most", () => {
    expect([0, 999, 40_400, 40e6, 1.24e9].map(bytes)).toEqual([
      "0 bytes",
      "999 bytes",
      "40 kB",
      "40 MB",
      "1.2 GB",
    ]);
  });

  it("holds fewer episodes above the limit of a page", () => {
    // viewer = 73 - 54 * 4/3 = 1 MB
    expect(pageSize(offer({}), usualDetail())).toEqual({ size: 73e6, fewer: false });
    expect(pageSize(offer({ page_most: 50e6 }), usualDetail())).toEqual({ size: 50e6, fewer: true });
    expect(pageSize(offer({}), { episodes: false, memory: false, weights: true }).size).toBeCloseTo(
      1e6 + (2e6 * 4) / 3,
      0,
    );
  });
});
