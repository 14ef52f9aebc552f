import { describe, expect, test } from "vitest";
import { withArrivedCallId, withArrivedCause, withCallId } from "./call-id.ts";
import { causeOf } from "./cause.ts";
import { Context, type PeerInfo } from "./context.ts";
import { Metadata, type MetadataInit } from "./metadata.ts";
import { principal } from "./principal.ts";

const key = "8e03978e-40d5-43dd-bc93-6894a57f9324";

/** The context of a call that arrived. */
function arrived(metadata: MetadataInit, peer: PeerInfo = { address: "test" }): Context {
	return Context.background()["~with"]({ metadata: new Metadata(metadata), peer });
}

/** The cause of a call with effects that arrived. */
function causeOfCall(ctx: Context, path = "shop/buy") {
	return causeOf(withArrivedCause(ctx, path));
}

const idOf = (metadata: MetadataInit, peer?: PeerInfo) => causeOfCall(arrived(metadata, peer))?.id;

describe("a call that arrived", () => {
	test("has no cause where it brought neither an id nor a key, and its context stays as it is", () => {
		const ctx = arrived({ authorization: "Bearer ann" });
		expect(withArrivedCause(ctx, "shop/buy")).toBe(ctx);
	});

	test("is its own cause by its id", () => {
		expect(causeOfCall(arrived({ "allium-call-id": "call-1" }))).toMatchObject({
			id: "call-1",
			correlationId: "call-1",
		});
	});

	test("tells the first cause of all", () => {
		const sent = withCallId(Context.background(), "call-1", "event-1").outgoing;
		expect(causeOfCall(arrived(Object.fromEntries(sent)))).toMatchObject({
			id: "call-1",
			correlationId: "event-1",
		});
	});

	test("that is passed on keeps its id", () => {
		const ctx = withArrivedCause(arrived({ "allium-call-id": "call-1" }), "shop/buy");
		expect([...withArrivedCallId(ctx).outgoing]).toEqual([["allium-call-id", "call-1"]]);
		expect(withArrivedCallId(arrived({})).outgoing.size).toBe(0);
	});
});

describe("an Idempotency-Key", () => {
	const ann = { authorization: "Bearer ann" };

	test("is the id of a call, the same each time, quoted or not", () => {
		const id = idOf({ ...ann, "idempotency-key": "order-7" });
		expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(idOf({ ...ann, "idempotency-key": '"order-7"' })).toBe(id);
	});

	test("yields to the id of the call", () => {
		expect(idOf({ "allium-call-id": "call-1", "idempotency-key": key })).toBe("call-1");
	});

	test("is another one in another method", () => {
		const ctx = arrived({ "idempotency-key": key });
		expect(causeOfCall(ctx, "shop/buy")?.id).not.toBe(causeOfCall(ctx, "shop/sell")?.id);
	});

	test.each<[string, MetadataInit, PeerInfo?]>([
		["another authorization", { authorization: "Bearer bob" }],
		["another cookie", { ...ann, cookie: "session=2" }],
		["another certificate", ann, { address: "test", identity: "spiffe://blue/shop" }],
		["no credentials", {}],
	])("is another one for a caller with %s", (_, credentials, peer) => {
		const id = idOf({ ...ann, "idempotency-key": key });
		expect(idOf({ ...credentials, "idempotency-key": key }, peer)).not.toBe(id);
	});

	test("is the same for one principal, however its credentials change", () => {
		const [first, second] = ["Bearer 1", "Bearer 2"].map((authorization) => {
			const ctx = arrived({ authorization, "idempotency-key": "order-7" });
			return causeOfCall(ctx.withValue(principal, "ann"))?.id;
		});
		expect(first).toBeDefined();
		expect(second).toBe(first);
	});

	test.each<[string, MetadataInit]>([
		["that others could guess, from a caller without credentials", { "idempotency-key": "order-7" }],
		["that is empty", { ...ann, "idempotency-key": '""' }],
		["that is too long", { ...ann, "idempotency-key": "x".repeat(256) }],
		["beside another", { ...ann, "idempotency-key": ["order-7", "order-8"] }],
	])("%s is refused", (_, metadata) => {
		expect(() => idOf(metadata)).toThrow(
			expect.objectContaining({ code: "invalid_argument", reason: "invalid_idempotency_key" }),
		);
	});
});
