import type { Middleware } from "@allium/core";
import { after } from "@allium/core/transport";
import { expect } from "vitest";
import { type CallHandler, type CallLab, failure, until, Waiting } from "./call-lab.ts";
import { type Cases, kinds } from "./cases.ts";
import type { Message } from "./message.ts";
import type { CallVersion } from "./setup.ts";

/** Deadlines cross the wire and end the call on both sides. */
export function deadlineTests(cases: Cases): void {
	cases.each("a deadline reaches the server and counts down through three hops", kinds, async (kind, lab) => {
		const atArrival: number[] = [];
		const atDeparture: number[] = [];
		lab.handler = throughHops(lab, kind, async (ctx) => {
			const arrived = ctx.remaining();
			atArrival.push(arrived);
			await until(() => ctx.remaining() < arrived - 5, "some of the time passed");
			atDeparture.push(ctx.remaining());
		});
		const call = lab.call(kind, [{ text: "3" }], lab.background.withTimeout(3_000));
		expect(await Array.fromAsync(call)).toEqual([{ text: "done" }]);
		expect(atArrival).toHaveLength(3);
		expect(atArrival[0]).toBeGreaterThan(1_500);
		// The wire rounds a timeout up to a millisecond.
		const bounds = [3_000, ...atDeparture].map((remaining) => remaining + 1);
		for (const [hop, remaining] of atArrival.entries())
			expect(remaining).toBeLessThanOrEqual(bounds[hop] ?? 0);
	});

	cases.each("no deadline arrives as none", kinds, async (kind, lab) => {
		const remaining: number[] = [];
		lab.handler = async function* (input, ctx) {
			remaining.push(ctx.remaining());
			yield* input;
		};
		await Array.fromAsync(lab.call(kind));
		expect(remaining).toEqual([Number.POSITIVE_INFINITY]);
	});

	cases.each("a deadline that passes ends the call and every handler below", kinds, async (kind, lab) => {
		// Every hop opens its connection before the time starts.
		lab.handler = throughHops(lab, kind, () => Promise.resolve());
		await Array.fromAsync(lab.call(kind, [{ text: "3" }]));
		const waiting = new Waiting();
		lab.handler = throughHops(lab, kind, (ctx, hop) => (hop === 1 ? waiting.wait(ctx) : Promise.resolve()));
		// On a busy machine, a short time passes before the call has reached the last hop.
		for (let ms = 150; waiting.arrived === 0; ms *= 2) {
			const call = lab.call(kind, [{ text: "3" }], lab.background.withTimeout(ms));
			expect(await failure(call)).toMatchObject({ code: "deadline_exceeded" });
		}
		await waiting.untilEnded();
		// The call ends either by the server's own clock, or by the cancellation of a caller whose clock ran out first.
		expect(waiting.ended[0]).toMatch(/^(deadline_exceeded|canceled)$/);
		await lab.expectHealthy();
	});

	cases.each("a reply and a deadline at once settle each call once", kinds, async (kind, lab) => {
		const [settledHere, settledThere] = [countSettled(lab.callers), countSettled(lab.callees)];
		lab.serverMiddleware = [settledThere.middleware];
		const client = lab.connect({ middleware: [settledHere.middleware], attempt: [] });
		await Array.fromAsync(lab.call(kind, undefined, lab.background, client));
		let early = 0;
		lab.handler = async function* (_, ctx) {
			early = (early + 1) % 5;
			await new Promise<void>((resolve) => after(ctx.remaining() - early, resolve));
			yield { text: "in time" };
		};
		const calls = Array.from({ length: 100 }, async () => {
			try {
				const replies = await Array.fromAsync(
					lab.call(kind, [{ text: "?" }], lab.background.withTimeout(40), client),
				);
				return replies[0]?.text;
			} catch (error) {
				return (error as { code?: string }).code;
			}
		});
		for (const outcome of await Promise.all(calls)) expect(outcome).toMatch(/^(in time|deadline_exceeded)$/);
		expect(settledHere.count).toBe(101);
		await until(() => settledThere.count === settledThere.begun, "every call settled at the server");
		await lab.expectHealthy();
	});
}

/** Counts how often calls begin and settle. */
function countSettled({ onSettled }: CallVersion): { count: number; begun: number; middleware: Middleware } {
	const counter = {
		count: 0,
		begun: 0,
		middleware: ((next) => (input, ctx) => {
			counter.begun++;
			onSettled(ctx, () => counter.count++);
			return next(input, ctx);
		}) as Middleware,
	};
	return counter;
}

/** A handler that does something and then calls itself over the transport, as often as its input says. */
export function throughHops(
	lab: CallLab,
	kind: Parameters<CallLab["call"]>[0],
	atHop: (ctx: Parameters<CallHandler>[1], hop: number) => Promise<unknown>,
): CallHandler {
	return async function* (input, ctx) {
		const [{ text } = { text: "1" }] = await Array.fromAsync<Message>(input);
		const hop = Number(text);
		await atHop(ctx, hop);
		if (hop === 1) yield { text: "done" };
		else yield* lab.call(kind, [{ text: String(hop - 1) }], ctx, lab.relay);
	};
}
