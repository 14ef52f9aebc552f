import { readFile } from "node:fs/promises";
import { Endpoints } from "@allium/core";
import { listen } from "@allium/node";
import { testClient } from "@allium/testing";
import { ServiceProcess } from "@allium/testing/process";
import { createClient, type Service } from "allium";
import { afterEach, describe, expect, test, vi } from "vitest";
import { attempts } from "./attempts.ts";
import { Add } from "./contract.ts";
import { addService } from "./service.ts";
import { slowCalls } from "./slow-calls.ts";

const file = (name: string): string => new URL(name, import.meta.url).pathname;

describe("the onion", () => {
	test("prints what the README shows", async () => {
		await using onion = ServiceProcess.run(file("onion.ts"));
		expect(await onion.ended()).toBe(0);
		const [, shown] =
			/```console\n\$ [^\n]*\n([^`]*)```/.exec(await readFile(file("README.md"), "utf8")) ?? [];
		expect(onion.output).toBe(shown);
	});
});

describe("slowCalls, server-wide", () => {
	afterEach(() => {
		vi.useRealTimers();
	});

	/** The log of a call that takes the given milliseconds. */
	async function said(ms: number): Promise<unknown[]> {
		vi.useFakeTimers({ toFake: ["performance"] });
		const log = vi.fn();
		const takesTime: Service<typeof Add> = {
			...addService,
			async sum() {
				vi.advanceTimersByTime(ms);
				return { v: 0 };
			},
		};
		await using add = testClient(Add, takesTime, { serve: { middleware: [slowCalls({ log }, 100)] } });
		await add.sum({ a: 1, b: 2 });
		return log.mock.calls;
	}

	test("names a call that took too long", async () => {
		expect(await said(150)).toEqual([["warn", "a call was slow", { method: "add/sum", ms: 150 }]]);
	});

	test("says nothing of others", async () => {
		expect(await said(50)).toEqual([]);
	});
});

describe("attempts, at the client", () => {
	test("says where each attempt went, and how", async () => {
		const log = vi.fn();
		const endpoints = new Endpoints();
		endpoints.serve(Add, addService);
		const listener = await listen(endpoints);
		const [url = ""] = listener.addresses;
		await using add = createClient(Add, { url, attempt: [attempts({ log })] });
		await add.sum({ a: 1, b: 2 });
		await add.sum({ a: 0, b: 0 }).catch(() => {});
		expect(log.mock.calls.map(([, , fields]) => fields)).toEqual([
			{ method: "add/sum", address: url, code: "ok" },
			{ method: "add/sum", address: url, code: "invalid_argument" },
		]);
		await listener.close();
	});
});
