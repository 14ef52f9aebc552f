import { contract, describe, event, memoryRegistry } from "@allium/core";
import { expect, test } from "vitest";
import * as z from "zod";
import { createApp } from "./app.ts";

const News = contract("news", {
	told: event({ key: "topic", data: z.object({ topic: z.string(), text: z.string() }) }),
	noted: event({ private: true, data: z.object({ text: z.string() }) }),
});

test("an app serves a contract with events alone: it is registered, and described", async () => {
	const registry = memoryRegistry();
	const app = createApp({ name: "news", registry, env: {}, drainDelayMs: 0, logger: { log() {} } });
	app.serve(News, {});
	await app.start();
	try {
		const { name, version, hash } = describe(News);
		const [instance] = await registry.list({});
		expect(instance?.services).toEqual([{ name, version, hash }]);
		const url = app.addresses.find((address) => address.startsWith("http:"));
		const described = await (await fetch(`${url}/-/describe/news`)).json();
		expect(described).toEqual(describe(News));
		expect(described).toMatchObject({ methods: {}, events: { told: { key: "topic" } } });
		expect(described).not.toHaveProperty("events.noted");
		const document = await (await fetch(`${url}/-/openapi.json`)).json();
		expect(document).toMatchObject({ paths: {} });
		const call = await fetch(`${url}/news/told`, { method: "POST", body: "{}" });
		expect(call.status).toBe(404);
	} finally {
		await app.stop();
	}
});
