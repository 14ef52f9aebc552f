import { expect, test } from "vitest";
import { Transfers } from "./fixtures/transfers.ts";
import { Inbox } from "./inbox.ts";

const { approved, requested } = Transfers;
const types = new Map([[approved.type, approved]]);
const event = (id: string) => ({ id, type: approved.type, version: 1, data: { id: "t1", by: id } });

test("events are taken in the order in which they came, each once, until one is put back", async () => {
	const inbox = new Inbox(types);
	await inbox.add(event("a"));
	await inbox.add(event("b"));
	expect(inbox.first(approved)?.id).toBe("a");
	expect(inbox.take("a")).toEqual({ id: "t1", by: "a" });
	expect(inbox.first(approved)?.id).toBe("b");
	expect(inbox.left.map(({ id }) => id)).toEqual(["b"]);
	inbox.putBack("a");
	expect(inbox.first(approved)?.id).toBe("a");
});

test("events that the run cannot receive are not kept", async () => {
	const inbox = new Inbox(types);
	await inbox.add({ id: "c", type: requested.type, version: 1, data: {} });
	expect(inbox.has("c")).toBe(false);
});
