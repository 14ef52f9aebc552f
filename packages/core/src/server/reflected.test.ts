import { expect, test } from "vitest";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { describe } from "../contract/describe.ts";
import { method } from "../contract/method.ts";
import { Reflection } from "../contract/reflection.ts";
import { describeGuard, type Guard } from "../endpoint/guard.ts";
import { ServiceError } from "../errors/service-error.ts";
import { memoryTransport } from "../frames/memory-transport.ts";
import { Endpoints } from "./endpoints.ts";

const Add = contract("add", { sum: method({ effect: "read" }) }, { version: "1.2.0" });

/** The answer of a process that serves `add` to a question about itself. */
async function ask(name: "describe" | "identify", service: string, guard?: Guard): Promise<unknown> {
	const endpoints = new Endpoints({ guard });
	endpoints.serve(Add, { sum: async () => ({}) });
	const transport = memoryTransport();
	const listener = await transport.listen(endpoints);
	const peer = transport.dial(listener.addresses[0] ?? "");
	try {
		return await peer.endpoint(Reflection[name])({ service }, Context.background());
	} finally {
		await peer.close();
		await listener.close();
	}
}

test("every process describes what it serves, over frames too", async () => {
	expect(await ask("describe", "add")).toEqual(describe(Add));
	const { name, version, hash } = describe(Add);
	expect(await ask("identify", "add")).toEqual({ name, version, hash });
});

test("a service that is not served is not found", async () => {
	const notFound = { code: "not_found", reason: "no_such_service" };
	await expect(ask("describe", "subtract")).rejects.toMatchObject(notFound);
	await expect(ask("identify", "allium.reflection")).rejects.toMatchObject(notFound);
});

test("a guard is asked only when it asks for the operations routes", async () => {
	const guard: Guard = () => {
		throw new ServiceError({ code: "unauthenticated" });
	};
	expect(await ask("describe", "add", guard)).toMatchObject({ name: "add" });
	const strict = describeGuard(guard, { operations: true });
	await expect(ask("describe", "add", strict)).rejects.toMatchObject({ code: "unauthenticated" });
});
