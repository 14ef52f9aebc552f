import { isServiceError } from "@allium/core";
import { expect } from "vitest";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";
import { background, ids } from "./registry-lab.ts";

/** Registering and listing. */
export const registrationCases: readonly RegistryCase[] = [
	{
		title: "a registered instance is listed as it was given",
		async run(lab) {
			const registry = await lab.open();
			const whole = instance("a", {
				addresses: ["allium://10.0.0.1:1", "http://10.0.0.1:1"],
				services: [
					{ name: "cart", version: "1.2.3", hash: "1" },
					{ name: "cart.v2", version: "2.0.0", hash: "2" },
				],
				zone: "eu-1a",
				labels: { tier: "gold" },
				weight: 0.5,
				status: "draining",
			});
			await registry.register(whole, background);
			expect(await registry.list()).toEqual([whole]);
		},
	},
	{
		title: "an empty registry lists nothing",
		async run(lab) {
			expect(await (await lab.open()).list()).toEqual([]);
		},
	},
	{
		title: "a clock, where there is one, is that of the server, which here is that of this machine",
		async run(lab, skip) {
			const registry = await lab.open();
			if (registry.clock === undefined) return skip("this registry tells no time");
			await registry.register(instance("a"), background);
			const before = Date.now();
			const told = await registry.clock(background);
			const { now, resolutionMs } = told ?? expect.unreachable();
			expect(now).toBeGreaterThan(before - resolutionMs - 1_000);
			expect(now).toBeLessThan(Date.now() + 1_000);
		},
	},
	{
		title: "lists by service",
		async run(lab) {
			const registry = await lab.open();
			const services = [{ name: "stock", version: "1.0.0", hash: "5" }];
			await registry.register(instance("a"), background);
			await registry.register(instance("b", { services }), background);
			expect(await ids(registry, { service: "cart" })).toEqual(["a"]);
			expect(await ids(registry, { service: "stock" })).toEqual(["b"]);
			expect(await ids(registry, { service: "car" })).toEqual([]);
			expect(await ids(registry)).toEqual(["a", "b"]);
		},
	},
	{
		title: "namespaces do not see each other, even with the same id",
		async run(lab) {
			const registry = await lab.open();
			const lease = await registry.register(instance("a"), background);
			await registry.register(instance("a", { namespace: "two", app: "other" }), background);
			expect(await registry.list({ namespace: "one" })).toEqual([instance("a")]);
			expect(await registry.list({ namespace: "two" })).toMatchObject([{ app: "other" }]);
			expect(await registry.list({ namespace: "three" })).toEqual([]);
			await lease.release();
			expect(await ids(registry)).toEqual(["a"]);
		},
	},
	{
		title: "unusual characters come back as they were",
		async run(lab) {
			const registry = await lab.open();
			const labels = {
				"": "empty",
				"a.b/c d*>": "'; DROP TABLE instances; --",
				"naïve 🧅": '"\\\n\t\u0000\u2028',
				["__proto__"]: "own",
			};
			await registry.register(instance("a", { labels }), background);
			const [listed] = await registry.list();
			expect(Object.entries(listed?.labels ?? {}).sort()).toEqual(Object.entries(labels).sort());
		},
	},
	{
		title: "a context that has ended registers nothing",
		async run(lab) {
			const registry = await lab.open();
			const { ctx, cancel } = background.withCancel();
			cancel();
			await expect(registry.register(instance("a"), ctx)).rejects.toMatchObject({ code: "canceled" });
			expect(await registry.list()).toEqual([]);
		},
	},
	{
		title: "a closed registry refuses instead of hanging",
		async run(lab) {
			const registry = await lab.open();
			await registry.close();
			await registry.close();
			await expect(registry.list()).rejects.toSatisfy(isServiceError);
			await expect(registry.register(instance("a"), background)).rejects.toSatisfy(isServiceError);
		},
	},
];
