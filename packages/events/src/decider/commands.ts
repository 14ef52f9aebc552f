import type { AnyContract, Context, Handler, Method, Schema } from "@allium/core";
import { type EventStore, OnceOutcomes, ownerOf } from "@allium/core/store";
import { type Answering, answered, arrivedCall } from "./command.ts";
import type { AnyDecider, Decider } from "./decider.ts";
import { deciderMistake } from "./decider-mistake.ts";
import type { InputOf } from "./decision.ts";

/** The type that a handler of a method returns. */
type OutputOf<M> = Handler<M> extends (...args: never) => Promise<infer Output> ? Output : never;

/** The functions that serve the commands of a decider. */
export type Commands<C extends AnyContract, M extends string> = {
	readonly [K in keyof C as Extract<K, M>]: Handler<C[K]>;
};

/** For each command with an output the function that makes it, of the state after the command and its input. */
export type Replies<C extends AnyContract, S, M extends string> = {
	readonly [K in keyof C as C[K] extends Method<infer _Input, infer Output>
		? Output extends Schema
			? Extract<K, M>
			: never
		: never]: (state: S, input: InputOf<C[K]>) => OutputOf<C[K]>;
};

/** Replies are given where a command has an output. */
type RepliesArgument<C extends AnyContract, S, M extends string> = keyof Replies<C, S, M> extends never
	? [replies?: Replies<C, S, M>]
	: [replies: Replies<C, S, M>];

/**
 * Makes the functions that serve the commands of a decider: each loads the state of the stream, decides, and appends
 * the events. If others have written to the stream meanwhile, it decides again, 30 times at most.
 *
 * The outcome of a command is kept with its events for 30 days, refusals included, so that a call that comes a second
 * time gets the answer of the first. The same id with another input is refused as `once` refuses it, with the reason
 * `key_reused`. The reply carries the position of its events: see `after`.
 *
 * Calls reject with the errors that `decide` throws, `aborted` when others wrote each time, `failed_precondition` for a
 * stream with events that this process cannot read, `internal` for a decider that is at fault, and the errors of the
 * store.
 *
 * @example
 * app.serve(Account, { ...commands(app.events, ledger, { deposit: ({ balance }) => ({ balance }) }), statement });
 */
export function commands<C extends AnyContract, S, M extends string>(
	store: EventStore,
	decider: Decider<C, S, M>,
	...[replies]: RepliesArgument<C, S, M>
): Commands<C, M> {
	ownerOf(store)?.keeps(decider.contract);
	const functions = (replies ?? {}) as Readonly<Record<string, Reply | undefined>>;
	const decides = Object.keys(decider["~allium"].decide);
	const methods = decider.contract["~allium"].methods.filter(({ name }) => decides.includes(name));
	checkReplies(decider, methods, functions);
	return Object.fromEntries(
		methods.map((method) => [method.name, handler(store, decider, method, functions[method.name])]),
	) as Commands<C, M>;
}

type Reply = (state: unknown, input: unknown) => unknown;

/** No reply is larger: the transports have a bound of their own. */
const maxReplyBytes = 1024 * 1024;

function handler(store: EventStore, decider: AnyDecider, method: Method, reply: Reply | undefined) {
	const outcomes = new OnceOutcomes(method, maxReplyBytes);
	return (input: unknown, ctx: Context): Promise<unknown> => {
		const answering: Answering<unknown> = {
			prepare({ state }) {
				const output = reply?.(state, input);
				if (output instanceof Promise) throw promised(decider, method);
				return { text: outcomes.ofReply(output), reply: () => output };
			},
			read: (text) => outcomes.read(text),
		};
		return answered({ store, decider, method, input, call: arrivedCall(method, ctx), answering }, ctx);
	};
}

/** @throws TypeError where no compiler checked the replies. */
function checkReplies(
	{ name }: AnyDecider,
	methods: readonly Method[],
	replies: Readonly<Record<string, unknown>>,
): void {
	for (const method of methods) {
		const isThere = typeof replies[method.name] === "function";
		if (method.output !== undefined && !isThere) {
			throw new TypeError(
				`commands() of ${name} got no reply for ${method.name}, which has an output: give { ${method.name}: (state, input) => … }`,
			);
		}
	}
	const surplus = Object.keys(replies).find(
		(key) => !methods.some((method) => method.name === key && method.output !== undefined),
	);
	if (surplus !== undefined) {
		throw new TypeError(
			`commands() of ${name} got a reply for ${surplus}, which is no command with an output`,
		);
	}
}

function promised({ name }: AnyDecider, method: Method) {
	return deciderMistake(
		`the reply for ${method.name} of the decider ${name} is a promise; a reply is made at once, of the state and the input`,
	);
}
