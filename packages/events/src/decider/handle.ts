import type { AnyContract, Context } from "@allium/core";
import { type EventStore, ownerOf } from "@allium/core/store";
import type { Position } from "../position/position.ts";
import { answered, causedCall } from "./command.ts";
import type { Decider } from "./decider.ts";
import type { InputOf } from "./decision.ts";
import { folded, type Loaded } from "./load.ts";
import { idIn, streamOf } from "./stream-of.ts";

/** The result of a command. */
export interface Handled<S> extends Loaded<S> {
	/**
	 * The place of its last event. Undefined if it made none. The reply of the call that is being handled carries it, too.
	 */
	readonly position: Position | undefined;
}

/**
 * Decides a command and appends its events, as `commands` do it, for services that are written by hand and for handlers
 * of events. When the call or the event that is being handled comes a second time, the command is recognised by its
 * method, its input and their repetition: see `effectName` for inputs with times or random parts.
 *
 * @returns the state after the command.
 * @example
 * async withdraw(input, ctx) {
 *   await limits.check(input, ctx);
 *   const { state } = await handle(app.events, ledger, "withdraw", input, ctx);
 *   return { balance: state.balance };
 * }
 */
export function handle<C extends AnyContract, S, M extends string, K extends M & keyof C>(
	store: EventStore,
	decider: Decider<C, S, M>,
	method: K,
	input: InputOf<C[K]>,
	ctx: Context,
): Promise<Handled<S>> {
	ownerOf(store)?.keeps(decider.contract);
	const declared = decider.contract["~allium"].methods.find(({ name }) => name === method);
	if (declared === undefined || !Object.hasOwn(decider["~allium"].decide, method)) {
		throw new TypeError(`handle() was given ${method}, which the decider ${decider.name} does not decide`);
	}
	const read = async (text: string, position: Position | undefined): Promise<Handled<S>> => {
		const version = Number(text.slice(done.length));
		const stream = streamOf(decider, idIn(decider, input));
		return { ...(await folded(store, decider, stream, ctx, version)), position } as Handled<S>;
	};
	const prepare = (after: Loaded<unknown>) => ({
		text: `${done}${after.version}`,
		reply: (position: Position | undefined) => ({ ...after, position }) as Handled<S>,
	});
	const call = causedCall(declared, input, ctx);
	return answered({ store, decider, method: declared, input, call, answering: { prepare, read } }, ctx);
}

/** How the outcome of a command begins whose reply somebody else makes: the version of the stream follows. */
const done = "done:";
