// Runs before the tests of each file. How long something takes depends on how busy the machine is. A test that waits
// for a condition therefore waits as long as a test may take, not one second as Vitest does by default.
import { expect, vi } from "vitest";

/** Shorter than a test may take, so that the report names the condition, in milliseconds. */
const patienceMs = 150_000;

type Options = Parameters<typeof vi.waitFor>[1];

function patient(options: Options): Exclude<Options, number | undefined> {
	const { timeout = 0, ...others } = typeof options === "number" ? { timeout: options } : (options ?? {});
	return { interval: 20, ...others, timeout: Math.max(timeout, patienceMs) };
}

const { waitFor, waitUntil } = vi;
vi.waitFor = (callback, options) => waitFor(callback, patient(options));
vi.waitUntil = (callback, options) => waitUntil(callback, patient(options));

const { poll } = expect;
expect.poll = (read, options) => poll(read, patient(options));
