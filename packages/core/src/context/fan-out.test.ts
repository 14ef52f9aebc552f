import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { Context } from "./context.ts";
import { fanOut, race, type Task } from "./fan-out.ts";
import { sleep } from "./sleep.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const background = Context.background();

/** Answers, or fails, after so long; notes that its context ended before. */
function task(ms: number, answer: string | Error) {
	const canceled = vi.fn();
	const run: Task<string> = async (ctx) => {
		await sleep(ms, ctx).catch((error: unknown) => {
			canceled();
			throw error;
		});
		if (answer instanceof Error) throw answer;
		return answer;
	};
	return { run, canceled };
}

/** Lets all the time pass that a call takes. */
async function settled<T>(call: Promise<T>): Promise<{ result: PromiseSettledResult<T>; ms: number }> {
	const startedAt = performance.now();
	let ms = 0;
	const noted = call.finally(() => {
		ms = performance.now() - startedAt;
	});
	const [[result]] = await Promise.all([Promise.allSettled([noted]), vi.runAllTimersAsync()]);
	return { result, ms };
}

describe("fanOut", () => {
	test("does all at once, and answers in the order of the tasks", async () => {
		const tasks = [task(30, "a"), task(10, "b"), task(20, "c")];
		const { result, ms } = await settled(
			fanOut(
				background,
				tasks.map(({ run }) => run),
			),
		);
		expect([result, ms]).toEqual([{ status: "fulfilled", value: ["a", "b", "c"] }, 30]);
	});

	test("knows the type of each answer", async () => {
		const [n, text] = await fanOut(background, [async () => 1, () => "now"]);
		expectTypeOf(n).toEqualTypeOf<number>();
		expectTypeOf(text).toEqualTypeOf<string>();
		expect([n, text]).toEqual([1, "now"]);
	});

	test("of nothing is nothing", async () => {
		expect(await fanOut(background, [])).toEqual([]);
	});

	test("fails with the first error, and cancels the rest", async () => {
		const [slow, bad] = [task(100, "slow"), task(10, new Error("bad"))];
		const { result, ms } = await settled(fanOut(background, [slow.run, bad.run]));
		expect([result, ms]).toMatchObject([{ reason: { message: "bad" } }, 10]);
		expect([slow.canceled.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0]);
	});

	test("fails when a task throws before it begins", async () => {
		const bad = (): never => {
			throw new Error("bad");
		};
		await expect(fanOut(background, [bad])).rejects.toThrow("bad");
	});

	test("ends with its caller, whether or not the tasks heed that", async () => {
		const deaf: Task<string> = () => new Promise(() => {});
		const slow = task(100, "slow");
		const { result, ms } = await settled(fanOut(background.withTimeout(50), [deaf, slow.run]));
		expect([result, ms]).toMatchObject([{ reason: { code: "deadline_exceeded" } }, 50]);
		expect([slow.canceled.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0]);
	});

	test("begins nothing when its caller has ended", async () => {
		const { ctx, cancel } = background.withCancel();
		cancel();
		const never = vi.fn();
		await expect(fanOut(ctx, [never])).rejects.toMatchObject({ code: "canceled" });
		expect(never).not.toHaveBeenCalled();
	});

	test("ends its children's contexts when it is done", async () => {
		const [child] = await fanOut(background, [(ctx) => ctx]);
		expect(child.error?.code).toBe("canceled");
	});
});

describe("fanOut for the first few", () => {
	test("answers in the order of arrival, and cancels the rest", async () => {
		const tasks = [task(30, "a"), task(10, "b"), task(20, "c")];
		const { result, ms } = await settled(
			fanOut(
				background,
				tasks.map(({ run }) => run),
				{ first: 2 },
			),
		);
		expect([result, ms]).toEqual([{ status: "fulfilled", value: ["b", "c"] }, 20]);
		expect(tasks[0]?.canceled).toHaveBeenCalledOnce();
	});

	test("overlooks errors while enough may still answer, and then fails with the first", async () => {
		const bad = [task(10, new Error("first")), task(20, new Error("second"))];
		const good = [task(30, "a"), task(40, "b")];
		const run = (first: number) => {
			const tasks = [...bad, ...good].map(({ run }) => run);
			return settled(fanOut(background, tasks, { first }));
		};
		expect((await run(2)).result).toEqual({ status: "fulfilled", value: ["a", "b"] });
		expect(await run(3)).toMatchObject({ result: { reason: { message: "first" } }, ms: 20 });
	});

	test.each([0, 2, Number.NaN])("refuses what makes no sense: %d of 1", async (first) => {
		await expect(fanOut(background, [async () => 1], { first })).rejects.toThrow(RangeError);
	});
});

describe("race", () => {
	test("takes the first answer, not the first error, and cancels the rest", async () => {
		const [bad, good, slow] = [task(10, new Error("bad")), task(20, "good"), task(30, "slow")];
		const { result, ms } = await settled(race(background, [bad.run, good.run, slow.run]));
		expect([result, ms]).toEqual([{ status: "fulfilled", value: "good" }, 20]);
		expect(slow.canceled).toHaveBeenCalledOnce();
	});

	test("fails with the first error when all do", async () => {
		const tasks = [task(20, new Error("second")), task(10, new Error("first"))];
		const { result } = await settled(
			race(
				background,
				tasks.map(({ run }) => run),
			),
		);
		expect(result).toMatchObject({ reason: { message: "first" } });
	});

	test("of nothing is refused", async () => {
		await expect(race(background, [])).rejects.toThrow(RangeError);
	});
});
