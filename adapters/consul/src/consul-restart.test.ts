import { Context, silentLogger } from "@allium/core";
import { keepRegistered } from "@allium/core/registry";
import { consulServer, describeServer, startServer } from "@allium/testing/servers";
import { expect, test } from "vitest";
import { instance } from "./fixtures/instance.ts";
import { registry } from "./index.ts";

const ttlMs = 2_000;

describeServer("consul", (file) => {
	test("a Consul that keeps its state is killed and started again, and nobody who is up goes", async () => {
		const { args, ...options } = consulServer({ file });
		const keeping = (list: readonly string[]): string[] => [
			...list.filter((argument) => argument !== "-dev"),
			...["-server", "-bootstrap-expect", "1", "-hcl", "performance { raft_multiplier = 1 }"],
		];
		await using server = await startServer({
			...options,
			args: (place) => [...keeping(args(place)), "-data-dir", `${place.folder}/state`],
			answers: async (place) => {
				const nodes = await fetch(`http://127.0.0.1:${place.ports[0]}/v1/health/service/consul?passing`);
				return nodes.ok && (await nodes.text()).includes('"Node"');
			},
		});
		const url = `consul://127.0.0.1:${server.port}`;
		await using stack = new AsyncDisposableStack();
		const [left, right] = [await registry(url, { ttlMs }), await registry(url, { ttlMs })];
		stack.defer(() => left.close());
		stack.defer(() => right.close());
		const steady = await keepRegistered(left, instance("steady"), { logger: silentLogger });
		stack.defer(() => steady.release());
		await left.register(instance("mortal"), Context.background());

		const told: string[] = [];
		const { ctx, cancel } = Context.background().withCancel();
		stack.defer(cancel);
		void (async () => {
			for await (const event of right.watch({ namespace: "default", service: "cart" }, ctx)) {
				if (event.type === "snapshot") told.push(`snapshot ${event.instances.length}`);
				else told.push(`${event.type} ${event.instance.id}`);
			}
		})();
		await expect.poll(() => told).toEqual(["snapshot 2"]);
		await server.restart();
		await expect.poll(() => told.includes("down mortal")).toBe(true);
		expect(told).toEqual(["snapshot 2", "down mortal"]);
		await expect.poll(() => right.list({ service: "cart" })).toMatchObject([{ id: "steady" }]);
	});
});
