import { describe, expect, test, vi } from "vitest";
import { createClient } from "../client/client.ts";
import { Cluster } from "../client/fixtures/cluster.ts";
import { clientOf, failure, Who, who } from "../client/fixtures/who.ts";
import type { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { errorText } from "../errors/error-text.ts";
import type { ServiceError } from "../errors/service-error.ts";
import { memoryTransport } from "../frames/memory-transport.ts";
import { Endpoints } from "../server/endpoints.ts";
import type { Service } from "./service.ts";

const Orders = contract("orders", { place: method({}) });

/** The error that the caller of `orders/place` sees, and the log, when its handler makes this call and fails. */
async function place(
	cluster: Cluster,
	call: (client: ReturnType<typeof clientOf>, ctx: Context) => Promise<unknown>,
) {
	const log = vi.fn();
	await using callee = clientOf(cluster);
	const endpoints = new Endpoints({ logger: { log } });
	const service: Service<typeof Orders> = {
		async place(_, ctx) {
			await call(callee, ctx);
		},
	};
	endpoints.serve(Orders, service);
	const transport = memoryTransport();
	const listener = await transport.listen(endpoints);
	const url = listener.addresses[0] ?? "";
	await using orders = createClient(Orders, { url, transports: [transport] });
	const seen = await failure(orders.place({}));
	await listener.close();
	const [level, message, fields] = log.mock.calls[0] ?? [];
	const { error, ...more } = (fields ?? {}) as { error?: ServiceError };
	return { seen, logged: [level, message, more] as const, text: errorText(error), log };
}

async function cluster(more: Partial<Service<typeof Who>> = {}): Promise<Cluster> {
	const made = new Cluster();
	await made.start("a", Who, who("a", more));
	return made;
}

const facts = { method: "orders/place", callee: "who/write", instance: "a", address: "memory://a" };

describe("the log of a service names the callee that failed, where it is and why", () => {
	test("when it is not there any more", async () => {
		const system = await cluster();
		system.kill("a");
		const { seen, logged, text, log } = await place(system, (client, ctx) => client.write({}, ctx));
		expect(seen).toMatchObject({ code: "unavailable", message: "unavailable" });
		expect(logged).toEqual(["warn", "a callee is unavailable", facts]);
		expect(text).toBe("unavailable: cannot reach memory://a: nothing listens there");
		expect(log).toHaveBeenCalledTimes(1);
	});

	test("when there never was one", async () => {
		const { seen, logged, text } = await place(new Cluster(), (client, ctx) => client.write({}, ctx));
		expect(seen).toMatchObject({ code: "unavailable", message: "unavailable" });
		expect(logged).toEqual([
			"warn",
			"a callee is unavailable",
			{ ...facts, instance: undefined, address: undefined },
		]);
		expect(text).toContain('no instance of "who" is up');
	});

	test("when it does not answer within the deadline that the handler gave it", async () => {
		const { seen, logged, text } = await place(await cluster(), (client, ctx) =>
			client.hang({}, ctx.withTimeout(20)),
		);
		expect(seen).toMatchObject({ code: "deadline_exceeded", message: "deadline_exceeded" });
		expect(logged).toEqual([
			"warn",
			"a callee did not answer within the time that this service gave it",
			{ ...facts, callee: "who/hang" },
		]);
		expect(text).toBe(
			"deadline_exceeded: the call of who/hang ran out of time: the deadline of its context passed",
		);
	});

	test("when it answers with an undeclared error", async () => {
		const system = await cluster({ write: () => Promise.reject(new Error("secret")) });
		const { seen, logged, text } = await place(system, (client, ctx) => client.write({}, ctx));
		expect(seen).toMatchObject({ code: "internal", message: "internal error" });
		expect(logged).toEqual([
			"error",
			"a callee failed, with an error that the method neither handles nor declares",
			facts,
		]);
		expect(text).toBe("internal: internal error");
	});
});
