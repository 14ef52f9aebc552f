import { Cause, type Context, Metadata, type MetadataValue, ResponseMetadata } from "@allium/core";
import { callIdName, withCause } from "@allium/core/transport";
import { expect } from "vitest";
import { type Cases, kinds } from "./cases.ts";

const everyByte: Uint8Array = Uint8Array.from({ length: 256 }, (_, index) => index);
const printable: string = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
	.join("")
	.trim();

/** Names and values that are valid but that an intermediary could mishandle. */
const unusual: [string, MetadataValue][] = [
	["x-printable", printable],
	["x-inner-blanks", "a   b"],
	["x-percent", "%2C%00%zz"],
	["x-quotes", `"a", 'b'; c=\\d`],
	["x-comma", "a, b,c"],
	["x-empty", ""],
	["a.b_c-1", "dots and underscores"],
	["0", "a digit"],
	["x-bytes-bin", everyByte],
	["x-none-bin", new Uint8Array()],
	["x-long", "y".repeat(4096)],
];

/** A trace in the W3C format. */
const trace = {
	traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	tracestate: "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
	baggage: "user=ann,tenant=acme%20corp",
};

/** Metadata that one side sets arrives on the other. */
export function metadataTests(cases: Cases): void {
	cases.each("unusual metadata arrives as it was set", kinds, async (kind, lab) => {
		let arrived: Context["metadata"] = new Metadata();
		lab.handler = (input, ctx) => {
			arrived = ctx.metadata;
			return input;
		};
		await Array.fromAsync(
			lab.call(kind, undefined, lab.background.withMetadata(Object.fromEntries(unusual))),
		);
		expect(only(arrived)).toEqual(only(unusual));
	});

	cases.each("unusual metadata comes back, as headers and as trailers", kinds, async (kind, lab) => {
		lab.handler = async function* (input, ctx) {
			for (const [name, value] of unusual) {
				if (name === "x-long") continue;
				ctx.response.headers.append(name, value);
				ctx.response.trailers.append(name, value);
			}
			yield* input;
		};
		const received = new ResponseMetadata();
		await Array.fromAsync(lab.call(kind, undefined, lab.background.withResponse(received)));
		const expected = only(unusual.filter(([name]) => name !== "x-long"));
		expect(only(received.headers)).toEqual(expected);
		expect(only(received.trailers)).toEqual(expected);
	});

	cases.each("a trace and its baggage go on with the calls of a handler", kinds, async (kind, lab) => {
		const arrived: unknown[] = [];
		lab.handler = async function* (input, ctx) {
			arrived.push(Object.fromEntries([...ctx.metadata].filter(([name]) => name in trace)));
			if (arrived.length === 1) yield* lab.call(kind, input, ctx, lab.relay);
			else yield* input;
		};
		await Array.fromAsync(lab.call(kind, undefined, lab.background.withMetadata(trace)));
		expect(arrived).toEqual([trace, trace]);
	});

	cases.each(
		"what comes again makes the same calls, hop by hop, and two calls when it makes two",
		kinds,
		async (kind, lab) => {
			const arrived: (string | undefined)[] = [];
			lab.handler = async function* (input, ctx) {
				arrived.push(ctx.metadata.get(callIdName));
				const isFirst = arrived.length % 3 === 1;
				const messages = await Array.fromAsync(input);
				for (let times = 0; isFirst && times < 2; times++) {
					await Array.fromAsync(lab.call(kind, messages, ctx, lab.relay));
				}
				yield* messages;
			};
			for (let times = 0; times < 2; times++) {
				const ctx = withCause(lab.background, new Cause("event-1"));
				await Array.fromAsync(lab.call(kind, undefined, ctx));
			}
			const [first, again] = [arrived.slice(0, 3), arrived.slice(3)];
			expect(new Set(first).size).toBe(3);
			expect(first).not.toContain(undefined);
			expect(again).toEqual(first);
		},
		["causes"],
	);

	cases.each("several values of one name keep their order", kinds, async (kind, lab) => {
		const bytes = [Uint8Array.of(1, 2), Uint8Array.of(3)];
		const received = new ResponseMetadata();
		lab.handler = async function* (input, ctx) {
			for (const value of ctx.metadata.getAll("x-many-bin"))
				ctx.response.trailers.append("x-many-bin", value);
			yield* input;
		};
		const ctx = lab.background.withMetadata({ "x-many-bin": bytes }).withResponse(received);
		await Array.fromAsync(lab.call(kind, undefined, ctx));
		expect(received.trailers.getAll("x-many-bin")).toEqual(bytes);
	});
}

/** The entries that the case set, in an order that can be compared. */
function only(entries: Iterable<readonly [string, MetadataValue]>): Record<string, MetadataValue> {
	const names = new Set(unusual.map(([name]) => name));
	return Object.fromEntries([...entries].filter(([name]) => names.has(name)).sort());
}
