import { expect, test } from "vitest";
import { SharedResource } from "./shared-resource.ts";

/** Connections that count how often they are opened and closed. */
function connections() {
	const told: string[] = [];
	const shared = new SharedResource(async (url: string) => {
		told.push(`open ${url}`);
		return {
			url,
			[Symbol.asyncDispose]: async () => {
				told.push(`close ${url}`);
			},
		};
	});
	return { shared, told };
}

test("the ports of one process share the resource at one URL, and the last of them closes it", async () => {
	const { shared, told } = connections();
	const process = {};
	const [registry, broker] = await Promise.all([shared.use("a:", process), shared.use("a:", process)]);
	expect(registry.resource).toBe(broker.resource);
	await registry.release();
	await registry.release();
	expect(told).toEqual(["open a:"]);
	await broker.release();
	expect(told).toEqual(["open a:", "close a:"]);
});

test("what was closed is opened again", async () => {
	const { shared, told } = connections();
	const process = {};
	await (await shared.use("a:", process)).release();
	await shared.use("a:", process);
	expect(told).toEqual(["open a:", "close a:", "open a:"]);
});

test("other URLs and other processes have their own", async () => {
	const { shared, told } = connections();
	const process = {};
	await Promise.all([shared.use("a:", process), shared.use("b:", process), shared.use("a:", {})]);
	expect(told).toEqual(["open a:", "open b:", "open a:"]);
});

test("what could not be opened is tried again by the next user", async () => {
	let attempts = 0;
	const shared = new SharedResource(async () => {
		if (++attempts === 1) throw new Error("refused");
		return { [Symbol.asyncDispose]: async () => {} };
	});
	const process = {};
	await expect(shared.use("a:", process)).rejects.toThrow("refused");
	await expect(shared.use("a:", process)).resolves.toBeDefined();
	expect(attempts).toBe(2);
});
