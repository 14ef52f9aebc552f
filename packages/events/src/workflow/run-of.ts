import type { AnyEvent, Context, EventValue, Publish } from "@allium/core";
import { methodOf } from "@allium/core/transport";
import type { AskedStep } from "./pending-step.ts";
import type { NamedStepOptions, ReceiveOptions, Run, StepOptions } from "./run.ts";

/** The longest wait, in milliseconds: the time from now to the last date that a `Date` can hold. */
const longestWaitMs = 8.6e15 - 4.1e12;

/** The sources of the object that the code of a run is given. */
export interface RunSources {
	readonly id: string;
	readonly key: string;
	/** The events that it can receive, by type. */
	readonly receives: ReadonlyMap<string, AnyEvent>;
	readonly publish: Publish;
	readonly now: () => Date;
	/** Settles with the result of a step, once that is recorded. */
	readonly ask: (asked: AskedStep) => Promise<unknown>;
}

/** The object that the code of a run is given. It describes each step; `ask` carries the step out. */
export function runOf({ id, key, receives, publish, now, ask: settled }: RunSources): Run {
	const ask = async (asked: AskedStep): Promise<never> => (await settled(asked)) as never;
	return {
		id,
		key,
		now,
		step: (name: string, work: (ctx: Context) => unknown, { timeoutMs }: StepOptions = {}) =>
			ask({ name, kind: "step", work, timeoutMs }),
		call: (
			call: (input: never, ctx: Context) => Promise<unknown>,
			input: unknown,
			options: NamedStepOptions = {},
		) => {
			const method = methodOf(call);
			const { as: name = method?.path ?? call.name, timeoutMs } = options;
			const work = (ctx: Context): unknown => call(structuredClone(input) as never, ctx);
			return ask({ name, kind: "call", work, method, input, timeoutMs });
		},
		publish: (event: EventValue, { as: name = event.type, timeoutMs }: NamedStepOptions = {}) =>
			ask({ name, kind: "publish", work: (ctx) => publish(event, ctx), input: event.data, timeoutMs }),
		sleep: (name: string, milliseconds: number) =>
			ask({ name, kind: "sleep", waitMs: checkedWait(`sleep("${name}")`, milliseconds) }),
		receive: (event: AnyEvent, options: ReceiveOptions & { readonly withinMs?: number } = {}) => {
			const { as: name = event.type, withinMs } = options;
			if (!receives.has(event.type)) throw notDeclared(event);
			const waitMs = withinMs === undefined ? undefined : checkedWait(`withinMs of "${name}"`, withinMs);
			return ask({ name, kind: "receive", event, waitMs });
		},
		restart: (data: unknown) => ask({ name: "~restart", kind: "restart", input: data }),
	};
}

function checkedWait(what: string, milliseconds: number): number {
	if (typeof milliseconds === "number" && milliseconds >= 0 && milliseconds <= longestWaitMs) {
		return milliseconds;
	}
	throw new RangeError(`${what} takes milliseconds from 0 on, and was given ${String(milliseconds)}`);
}

function notDeclared({ type }: AnyEvent): TypeError {
	return new TypeError(`the workflow cannot receive ${type}; name it in its option "receives"`);
}
