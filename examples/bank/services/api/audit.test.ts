import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testClient } from "@allium/testing";
import { Context, contract, method, type Service, silentLogger, stream } from "allium";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { type AuditEntry, audit } from "./audit.ts";
import { AuditFile } from "./audit-file.ts";

const Shop = contract("shop", {
	buy: method({
		input: z.object({ item: z.string(), payer: z.object({ name: z.string(), card: z.string() }) }),
		errors: { sold_out: { code: "failed_precondition" } },
	}),
	look: method({ output: z.object({ items: z.int() }), effect: "read" }),
	restock: method({ output: stream(z.object({ item: z.string() })) }),
});

const shop: Service<typeof Shop> = {
	async buy({ item }) {
		if (item === "tea") throw Shop.buy.error.sold_out();
	},
	look: async () => ({ items: 1 }),
	async *restock(_, ctx) {
		while (ctx.error === undefined) yield { item: "tea" };
	},
};

function audited() {
	const entries: AuditEntry[] = [];
	const middleware = [audit({ write: (entry) => entries.push(entry), redact: ["card"] })];
	return { entries, client: testClient(Shop, shop, { serve: { middleware } }) };
}

const payer = { name: "Ann", card: "4000 0000 0000 0002" };

describe("the audit log", () => {
	test("has the actor, the action, the time and the outcome, without redacted fields", async () => {
		const { entries, client } = audited();
		await using _ = client;
		await client.buy({ item: "milk", payer });
		expect(entries).toEqual([
			{
				at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
				who: expect.any(String),
				method: "shop/buy",
				input: { item: "milk", payer: { name: "Ann", card: "[redacted]" } },
				outcome: "ok",
			},
		]);
		expect(entries[0]?.who).not.toBe("unknown");
	});

	test("has why a call failed, and the request that it was part of", async () => {
		const { entries, client } = audited();
		await using _ = client;
		const ctx = Context.background().withMetadata({ "x-global-request-id": "r-1" });
		await client.buy({ item: "tea", payer }, ctx).catch(() => {});
		expect(entries).toMatchObject([{ outcome: "sold_out", request: "r-1" }]);
	});

	test("has nothing of what only reads", async () => {
		const { entries, client } = audited();
		await using _ = client;
		await client.look({});
		expect(entries).toEqual([]);
	});

	test("has a stream at its true end", async () => {
		const { entries, client } = audited();
		await using _ = client;
		for await (const { item } of client.restock({})) {
			expect(item).toBe("tea");
			expect(entries).toEqual([]);
			break;
		}
		await vi.waitFor(() => expect(entries).toMatchObject([{ method: "shop/restock", outcome: "canceled" }]));
	});
});

describe("its file", () => {
	let folder: string;

	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "allium-audit-"));
	});

	afterEach(() => rm(folder, { recursive: true }));

	const entry = (method: string): AuditEntry => ({ at: "", who: "", method, input: {}, outcome: "ok" });

	test("has an entry a line, and is appended to by the next process", async () => {
		const path = join(folder, "audit.jsonl");
		for (const method of ["one", "two"]) {
			await using file = new AuditFile(path, silentLogger);
			file.write(entry(method));
		}
		const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
		expect(lines.map((line) => JSON.parse(line))).toEqual([entry("one"), entry("two")]);
	});

	test("says so when it cannot be written", async () => {
		const log = vi.fn();
		await using file = new AuditFile(join(folder, "missing", "audit.jsonl"), { log });
		file.write(entry("one"));
		await vi.waitFor(() => expect(log).toHaveBeenCalledWith("error", expect.any(String), expect.anything()));
	});
});
