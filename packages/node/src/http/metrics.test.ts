import { describeGuard, type Guard, ServiceError } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { afterEach, describe, expect, test } from "vitest";
import { listen, type ServerOptions } from "../server/server.ts";
import { openLab } from "./fixtures/lab.ts";

const text = "# TYPE calls counter\ncalls 1\n";

let listener: Listener | undefined;
afterEach(() => listener?.close());

const refuse: Guard = () => {
	throw new ServiceError({ code: "unauthenticated" });
};

async function scraped(options: ServerOptions, init: RequestInit = {}, guard?: Guard) {
	listener = await listen(openLab(guard).endpoints, options);
	const url = listener.addresses.find((address) => address.startsWith("http:")) ?? "";
	const answer = await fetch(`${url}/metrics`, init);
	return { answer, text: await answer.text() };
}

describe("/metrics", () => {
	test("is what the source tells, as Prometheus reads it", async () => {
		const { answer, text: body } = await scraped({ metrics: async () => text });
		expect([answer.status, body]).toEqual([200, text]);
		expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
	});

	test("answers HEAD with the length alone", async () => {
		const { answer, text: body } = await scraped({ metrics: async () => text }, { method: "HEAD" });
		expect([answer.status, body, answer.headers.get("content-length")]).toEqual([200, "", `${text.length}`]);
	});

	test("takes no other verb", async () => {
		const { answer } = await scraped({ metrics: async () => text }, { method: "POST" });
		expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
	});

	test("without a source is 404, and says what to do", async () => {
		const { answer, text: body } = await scraped({});
		expect([answer.status, JSON.parse(body).message]).toEqual([
			404,
			expect.stringContaining("allium({ metrics: telemetry.prometheus })"),
		]);
	});

	test("tells nothing of why its source failed", async () => {
		const { answer, text: body } = await scraped({ metrics: () => Promise.reject(new Error("secret")) });
		expect([answer.status, body]).toEqual([500, expect.not.stringContaining("secret")]);
	});

	test("is behind a guard that asks for the operations routes", async () => {
		const guard = describeGuard(refuse, { operations: true });
		const { answer } = await scraped({ metrics: async () => text }, {}, guard);
		expect(answer.status).toBe(401);
	});

	test("is open to scrapers where a guard does not ask for them", async () => {
		const { answer } = await scraped({ metrics: async () => text }, {}, refuse);
		expect(answer.status).toBe(200);
	});
});
