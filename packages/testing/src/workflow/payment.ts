import { type Context, causeOf, effectName } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import type { EventStore } from "@allium/core/store";
import { type Workflow, workflow } from "@allium/events";
import { pause } from "../suite/eventually.ts";
import { Jobs } from "./jobs.ts";

/** The topic of the effects of payments. */
export const effectsTopic = "suite-effects";

/** The stream of the effects of a payment. */
export function effectsOf(id: string): string {
	return `suite-effects/${id}`;
}

/** The steps of a payment, in order. */
export const paymentSteps: readonly string[] = ["reserve", "withdraw", "deposit", "confirm"];

/**
 * A run with several steps and waits. Its effects are in the store, once for each id of a call.
 *
 * @param told Called with a line about the progress of the run.
 */
export function payment(store: EventStore, told: (line: string) => void): Workflow {
	const effect = async (name: string, id: string, ctx: Context): Promise<void> => {
		told(`${name} ${id}`);
		await pause(Math.random() * 4);
		await store.append(
			[{ stream: effectsOf(id), topic: effectsTopic, expected: "any", events: [record(name, id, ctx)] }],
			ctx,
		);
		await pause(Math.random() * 2);
	};
	return workflow("suite-payment", Jobs.begun, async ({ id }, run) => {
		const call = (name: string): Promise<void> =>
			run.call((_: object, ctx: Context) => effect(name, id, ctx), {}, { as: name });
		await call("reserve");
		await run.sleep("a moment", 20);
		await Promise.all([call("withdraw"), call("deposit")]);
		await run.sleep("another moment", 20);
		await call("confirm");
		await run.publish(Jobs.done({ id, to: "" }));
		told(`ended ${id}`);
	});
}

/** The id follows from the run and the step. */
function record(name: string, id: string, ctx: Context): EventRecord {
	const call = causeOf(ctx)?.begin("effect", undefined, ctx.get(effectName)).id ?? crypto.randomUUID();
	return {
		id: call,
		type: `suite-effects.${name}`,
		version: 1,
		source: "suite",
		key: id,
		time: new Date().toISOString(),
		data: {},
		correlationId: call,
	};
}
