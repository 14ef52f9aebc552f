import { expect, vi } from "vitest";
import { RunningTime } from "../running-time.ts";
import { ServiceProcess } from "../service-process.ts";
import { failure, until, Waiting } from "./call-lab.ts";
import { type Cases, kinds, outputStreams } from "./cases.ts";
import { throughHops } from "./deadlines.ts";
import type { Message } from "./message.ts";

/** Longer than any round trip on one machine, and shorter than any poll or timeout, in milliseconds of running time. */
const soonMs = 250;

/** When a caller stops waiting or is gone, no hop below it continues. */
export function cancellationTests(cases: Cases): void {
	cases.each("a cancelled caller cancels the handler and its callees at once", kinds, async (kind, lab) => {
		const waiting = new Waiting();
		lab.handler = throughHops(lab, kind, (ctx, hop) => {
			const waits = waiting.wait(ctx);
			// The hops in between ignore the failure, so that they make their calls.
			waits.catch(() => {});
			return hop === 1 ? waits : Promise.resolve();
		});
		const { ctx, cancel } = lab.background.withCancel();
		const failing = failure(lab.call(kind, [{ text: "3" }], ctx));
		await waiting.untilArrived(3);
		using time = new RunningTime();
		cancel();
		expect(await failing).toMatchObject({ code: "canceled" });
		await waiting.untilEnded(3);
		expect(time.milliseconds).toBeLessThan(soonMs);
		expect(waiting.ended).toEqual(["canceled", "canceled", "canceled"]);
		await lab.expectHealthy();
	});

	cases.each("a call whose context has ended never reaches the handler", kinds, async (kind, lab) => {
		const handled = vi.fn();
		lab.handler = (input) => {
			handled();
			return input;
		};
		const { ctx, cancel } = lab.background.withCancel();
		cancel();
		expect(await failure(lab.call(kind, undefined, ctx))).toMatchObject({ code: "canceled" });
		lab.handler = (input) => input;
		await lab.expectHealthy();
		expect(handled).not.toHaveBeenCalled();
	});

	cases.each(
		"break out of a stream ends the producer on the other side",
		outputStreams,
		async (kind, lab) => {
			const waiting = new Waiting();
			let stopped = false;
			lab.handler = async function* (_, ctx) {
				waiting.wait(ctx).catch(() => {});
				try {
					for (let n = 0; ; n++) yield { text: String(n) };
				} finally {
					stopped = true;
				}
			};
			const taken: Message[] = [];
			for await (const message of lab.call(kind)) {
				taken.push(message);
				if (taken.length === 3) break;
			}
			await until(() => stopped, "the producer was stopped");
			await waiting.untilEnded();
			await lab.expectHealthy();
		},
	);

	cases.each(
		"break out of a stream that has nothing to say ends its handler",
		outputStreams,
		async (kind, lab) => {
			const waiting = new Waiting();
			lab.handler = async function* (_, ctx) {
				yield { text: "one" };
				await waiting.wait(ctx);
			};
			for await (const _ of lab.call(kind)) {
				await waiting.untilArrived();
				break;
			}
			await waiting.untilEnded();
			expect(waiting.ended).toEqual(["canceled"]);
		},
	);

	vanishingTests(cases);
}

function vanishingTests(cases: Cases): void {
	for (const how of ["end", "reset"] as const) {
		cases.each(
			`a connection that is gone (${how}) cancels the handler and fails the call`,
			kinds,
			async (kind, lab) => {
				const waiting = new Waiting();
				lab.handler = waiting.handler;
				const proxy = await lab.throughProxy();
				const failing = failure(lab.call(kind));
				await waiting.untilArrived();
				proxy.cut(how);
				expect(await failing).toMatchObject({ code: "unavailable", notExecuted: false });
				await waiting.untilEnded();
				expect(waiting.ended).toEqual(["canceled"]);
				await lab.expectHealthy();
			},
			["cut"],
		);
	}

	cases.one(
		"a client process that is killed cancels its call's handler",
		["process", "unary"],
		async (lab) => {
			const waiting = new Waiting();
			lab.handler = waiting.handler;
			await using client = ServiceProcess.run(...lab.program);
			await vi.waitFor(() => expect(waiting.arrived, client.output).toBe(1), {
				timeout: 15_000,
				interval: 5,
			});
			client.signal("SIGKILL");
			await waiting.untilEnded();
			expect(waiting.ended).toEqual(["canceled"]);
		},
	);
}
