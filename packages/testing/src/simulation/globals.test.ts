import { describe, expect, test } from "vitest";
import { simulate } from "./index.ts";

const names = ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "Date"] as const;

function present(): unknown[] {
	return [...names.map((name) => globalThis[name]), performance.now, Math.random, crypto.randomUUID];
}

describe("the globals", () => {
	test("are put back when a scenario is over, and when it fails", async () => {
		const before = present();
		await simulate({}, () => {
			for (const [index, value] of present().entries()) expect(value).not.toBe(before[index]);
		});
		expect(present()).toEqual(before);
		await expect(simulate({}, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
		expect(present()).toEqual(before);
		expect(Object.hasOwn(performance, "now")).toBe(false);
	});

	test("tell virtual time, which passes only with events", async () => {
		const { value } = await simulate({}, async (world) => {
			const [date, now] = [Date.now(), performance.now()];
			await world.sleep(86_400_000 / 48);
			return [Date.now() - date, performance.now() - now, new Date().toISOString()];
		});
		expect(value).toEqual([1_800_000, 1_800_000, "2026-01-01T00:30:00.000Z"]);
	});

	test("count from the start of each node", async () => {
		const { value } = await simulate({}, async (world) => {
			await world.sleep(5_000);
			const node = await world.start("late");
			await world.sleep(100);
			return node.run(() => performance.now());
		});
		expect(value).toBe(100);
	});

	test("keep dates what they are", async () => {
		const real = new Date(0);
		await simulate({}, () => {
			class Later extends Date {}
			expect(new Date(2020, 1, 2, 3)).toBeInstanceOf(Date);
			expect(real).toBeInstanceOf(Date);
			expect(new Later()).toBeInstanceOf(Later);
			expect(new Date("2020-02-02").getTime()).toBe(Date.UTC(2020, 1, 2));
		});
		expect(new Date().getFullYear()).toBeGreaterThan(2000);
	});

	test("draw numbers of each node that do not depend on other nodes", async () => {
		const draw = async (others: readonly string[]): Promise<unknown> => {
			const { value } = await simulate({ seed: 3 }, async (world) => {
				for (const name of others) await (await world.start(name)).run(() => Math.random());
				const node = await world.start("drawn");
				return node.run(() => [Math.random(), crypto.randomUUID()]);
			});
			return value;
		};
		expect(await draw(["one", "two"])).toEqual(await draw([]));
	});

	test("run timers in the order of their time, intervals until they are cleared", async () => {
		const { value } = await simulate({}, async (world) => {
			const seen: unknown[] = [];
			setTimeout((what: string) => seen.push(what), 20, "second");
			setTimeout(() => seen.push("first"), 10);
			clearTimeout(setTimeout(() => seen.push("never"), 15));
			setTimeout(() => seen.push("third"), 10)
				.refresh()
				.close()
				.unref()
				.refresh();
			setImmediate(() => seen.push("at once"));
			const interval = setInterval(() => {
				if (seen.push("tick") >= 6) clearInterval(interval);
			}, 30);
			await world.sleep(1_000);
			return seen;
		});
		expect(value).toEqual(["at once", "first", "third", "second", "tick", "tick"]);
	});
});
