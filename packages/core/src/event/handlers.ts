import type { Context } from "../context/context.ts";
import type { AnyContract, EventName } from "../contract/contract.ts";
import type { EventWith } from "../contract/event.ts";

/** The function that handles one event. The event is done when it returns, and tried again or parked when it throws. */
export type EventHandler<E> =
	E extends EventWith<infer Data> ? (data: Data, ctx: Context) => Promise<void> | void : never;

/**
 * An object of functions that handles events of a contract, by name. Events without a function are passed over.
 *
 * Each function keeps the declaration of its event in the contract: editors show its docs, and lead there.
 *
 * @example
 * const rewards: Handlers<typeof Matches> = {
 *   async ended({ winner }, ctx) { await players.reward({ player: winner }, ctx); },
 * };
 */
export type Handlers<C extends AnyContract> = {
	readonly [K in keyof C as Extract<K, EventName<C>>]?: EventHandler<C[K]>;
};

/**
 * Beside `Handlers<C>` in the type of a parameter: refuses a handler for something else than an event of the contract,
 * and one with other types, by a message that names it. It is `unknown` where the handlers fit.
 *
 * @typeParam H the type of the handlers that are given.
 */
export type FitsHandlers<C extends AnyContract, H> = [C] extends [never]
	? H // This never applies. The compiler infers H from it.
	: unknown extends H
		? unknown
		: [HandlersFault<C, H>] extends [never]
			? unknown
			: Misfit<HandlersFault<C, H>>;

type HandlersFault<C extends AnyContract, H> = {
	[K in keyof H]-?: K extends keyof Handlers<C>
		? H[K] extends Handlers<C>[K]
			? never
			: `${K & string} has other types`
		: `${K & string} is no event of the contract`;
}[keyof H];

/** No object of handlers has this type. The compiler shows its name and what is wrong. */
interface Misfit<Fault> {
	readonly "~misfit": Fault;
}
