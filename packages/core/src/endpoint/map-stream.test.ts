import { describe, expect, test, vi } from "vitest";
import { mapStream, messagesOf } from "./map-stream.ts";

/** Three numbers, and whether the source was left. */
function source() {
	const state = { left: false };
	async function* numbers() {
		try {
			yield* [1, 2, 3];
		} finally {
			state.left = true;
		}
	}
	return { state, numbers: numbers() };
}

const double = (value: unknown): number => (value as number) * 2;

describe("a mapped stream", () => {
	test("maps each message, at once or later", async () => {
		expect(await Array.fromAsync(mapStream(source().numbers, double))).toEqual([2, 4, 6]);
		const later = async (value: unknown) => double(value);
		expect(await Array.fromAsync(mapStream(source().numbers, later))).toEqual([2, 4, 6]);
	});

	test("passes messages through where there is nothing to map", async () => {
		expect(await Array.fromAsync(mapStream(source().numbers, undefined))).toEqual([1, 2, 3]);
	});

	test("takes no more than it is asked for", async () => {
		const map = vi.fn(double);
		const iterator = mapStream(source().numbers, map)[Symbol.asyncIterator]();
		expect(map).not.toHaveBeenCalled();
		await iterator.next();
		expect(map).toHaveBeenCalledOnce();
	});

	test("breaks out of the source when it is broken out of", async () => {
		const { state, numbers } = source();
		for await (const _ of mapStream(numbers, double)) break;
		expect(state.left).toBe(true);
	});

	test("breaks out of the source when a message cannot be mapped", async () => {
		const { state, numbers } = source();
		const mapped = mapStream(numbers, () => {
			throw new Error("bad message");
		});
		const reading = async () => {
			for await (const _ of mapped);
		};
		await expect(reading()).rejects.toThrow("bad message");
		await vi.waitFor(() => expect(state.left).toBe(true));
	});

	test("maps the error that ends it, the source's or the mapping's", async () => {
		const fail = (error: unknown): never => {
			throw new Error(`mapped: ${(error as Error).message}`);
		};
		async function* broken() {
			yield 1;
			throw new Error("broken");
		}
		await expect(Array.fromAsync(mapStream(broken(), double, fail))).rejects.toThrow("mapped: broken");
		const bad = () => Promise.reject(new Error("bad"));
		await expect(Array.fromAsync(mapStream(source().numbers, bad, fail))).rejects.toThrow("mapped: bad");
	});
});

describe("the messages of a stream, told to a reader", () => {
	/** The messages that a reader receives when it requests the next one each time. */
	function told(stream: AsyncIterable<unknown>): Promise<unknown[]> {
		return new Promise((resolve) => {
			const seen: unknown[] = [];
			const next = messagesOf(stream).reader(
				(result) => {
					if (result.done === true) return resolve([...seen, "the end"]);
					seen.push(result.value);
					next();
				},
				(error) => resolve([...seen, (error as Error).message]),
			);
			next();
		});
	}

	test("are those that are iterated, mapped or not, at once or later", async () => {
		const later = async (value: unknown) => double(value);
		expect(await told(source().numbers)).toEqual([1, 2, 3, "the end"]);
		expect(await told(mapStream(source().numbers, double))).toEqual([2, 4, 6, "the end"]);
		expect(await told(mapStream(source().numbers, later))).toEqual([2, 4, 6, "the end"]);
	});

	test("end with the error that breaks the stream, as it is to be seen", async () => {
		const fail = (error: unknown): never => {
			throw new Error(`mapped: ${(error as Error).message}`);
		};
		async function* broken() {
			yield 1;
			throw new Error("broken");
		}
		expect(await told(mapStream(broken(), double, fail))).toEqual([2, "mapped: broken"]);
		const { state, numbers } = source();
		const bad = () => Promise.reject(new Error("bad"));
		expect(await told(mapStream(numbers, bad, fail))).toEqual(["mapped: bad"]);
		await vi.waitFor(() => expect(state.left).toBe(true));
	});
});
