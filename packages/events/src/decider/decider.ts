import { type AnyContract, printable } from "@allium/core";
import { kindOf } from "@allium/core/transport";
import type {
	CommandName,
	Decision,
	Decisions,
	DecisionTools,
	Evolution,
	FitsDecisions,
	IfId,
} from "./decision.ts";

/** How a {@link decider} is written. */
export interface DeciderInit<C extends AnyContract, Id extends string, S, D> {
	/** The string in the input of commands that names the stream: an account, an order. */
	readonly id: IfId<C, Id>;
	/** The state of a stream without events. It is frozen. */
	readonly initial: S;
	/** The function that decides each command. Methods without a function here are served by hand. */
	readonly decide: FitsDecisions<C, NoInfer<Id>, NoInfer<S>, D> & Decisions<C, NoInfer<Id>, NoInfer<S>>;
	/** The function that applies each event to the state. It is pure and returns a new state. */
	readonly evolve: Evolution<C, NoInfer<S>>;
	/** The name that streams and snapshots bear. Default: the name of the contract. */
	readonly name?: string;
	/** The version of the state. Raise it when `evolve` or the shape of the state changes and there are snapshots. Default: 1. */
	readonly version?: number;
	/**
	 * The number of a stream's events after which a snapshot of its state is kept, so that commands read only later
	 * events. Default: no snapshots.
	 */
	readonly snapshotEvery?: number;
}

/**
 * Decides the commands of a contract, and folds its events to a state.
 *
 * @typeParam S the state.
 * @typeParam M the methods that it decides.
 */
export interface Decider<C extends AnyContract, S, M extends string> {
	readonly name: string;
	readonly contract: C;
	/** The property of inputs that names the stream. */
	readonly id: string;
	readonly version: number;
	readonly snapshotEvery: number | undefined;
	readonly initial: S;
	readonly decide: { readonly [K in keyof C as Extract<K, M>]: Decision<C, C[K], S> };
	readonly evolve: Evolution<C, S>;
	/** @internal The same functions without their types, for the code that runs them. */
	readonly "~allium": DeciderFunctions;
	/** Carries the types. It does not exist at run time. */
	readonly "~types"?: { readonly state: S; readonly methods: M };
}

/** The functions of a decider by the names of methods and events. */
export interface DeciderFunctions {
	readonly decide: Readonly<
		Record<string, (input: unknown, state: unknown, tools: DecisionTools) => unknown>
	>;
	readonly evolve: Readonly<Record<string, (state: unknown, data: unknown) => unknown>>;
}

/** Any decider, where its types do not matter. */
export interface AnyDecider {
	readonly name: string;
	readonly contract: AnyContract;
	readonly id: string;
	readonly version: number;
	readonly snapshotEvery: number | undefined;
	readonly initial: unknown;
	readonly "~allium": DeciderFunctions;
}

/**
 * Implements the methods of a contract that write, by events. `decide` turns a command into events, given the state
 * that `evolve` has folded from the events of its stream. Both are pure functions. The name of a stream, such as
 * `account/a1`, consists of the decider's name and the id.
 *
 * @throws TypeError for events without a key, and for invalid names, versions and functions that no compiler has
 * checked.
 * @example
 * export const ledger = decider(Account, {
 *   id: "account",
 *   initial: { balance: 0 },
 *   decide: {
 *     deposit: (input) => Account.deposited(input),
 *     withdraw(input, { balance }) {
 *       if (balance < input.amount) throw Account.withdraw.error.insufficient_funds({ balance });
 *       return Account.withdrawn(input);
 *     },
 *   },
 *   evolve: {
 *     deposited: ({ balance }, { amount }) => ({ balance: balance + amount }),
 *     withdrawn: ({ balance }, { amount }) => ({ balance: balance - amount }),
 *   },
 * });
 */
export function decider<C extends AnyContract, const Id extends string, S, D>(
	contract: C,
	init: DeciderInit<C, Id, S, D>,
): Decider<C, S, Extract<keyof D, CommandName<C, Id>>> {
	const { name = contract["~allium"].name, version = 1, snapshotEvery, initial, id, decide, evolve } = init;
	const functions = { decide, evolve } as unknown as DeciderFunctions;
	checkName(name);
	checkCount(name, "version", version);
	if (snapshotEvery !== undefined) checkCount(name, "snapshotEvery", snapshotEvery);
	checkEvents(name, contract, functions);
	checkMethods(name, contract, functions);
	const made = {
		name,
		contract,
		id,
		version,
		snapshotEvery,
		initial: frozen(initial),
		decide,
		evolve,
		"~allium": functions,
	};
	return Object.freeze(made) as unknown as Decider<C, S, Extract<keyof D, CommandName<C, Id>>>;
}

function checkName(name: string): void {
	if (/^[a-z][a-z0-9._-]{0,99}$/.test(name)) return;
	throw new TypeError(
		`a decider is named ${printable(JSON.stringify(name) ?? kindOf(name))}; names have a-z, 0-9, ".", "_" and "-", and at most 100 characters`,
	);
}

function checkCount(name: string, option: string, count: number): void {
	if (Number.isSafeInteger(count) && count > 0) return;
	throw new TypeError(`the decider ${name}: ${option} is ${String(count)}; it is 1, 2, 3 and so on`);
}

function checkEvents(name: string, contract: AnyContract, { evolve }: DeciderFunctions): void {
	const { events } = contract["~allium"];
	if (events.length === 0) throw new TypeError(`the decider ${name}: its contract declares no events`);
	for (const event of events) {
		if (typeof evolve[event.name] !== "function") {
			throw new TypeError(
				`the decider ${name}: evolve.${event.name} is missing; it makes the next state of ${event.type}`,
			);
		}
		if (event.key === undefined) {
			throw new TypeError(
				`the decider ${name}: ${event.type} has no key; the events of a stream are ordered by its id, so declare the property that has it as the key`,
			);
		}
	}
}

function checkMethods(name: string, contract: AnyContract, { decide }: DeciderFunctions): void {
	const { methods } = contract["~allium"];
	for (const [method, decision] of Object.entries(decide)) {
		const found = methods.find((each) => each.name === method);
		if (found?.kind !== "unary" || found.effect === "read") {
			throw new TypeError(
				`the decider ${name}: decide.${method} is no method of the contract that writes and answers once`,
			);
		}
		if (typeof decision !== "function") {
			throw new TypeError(`the decider ${name}: decide.${method} is ${kindOf(decision)}, and no function`);
		}
	}
}

/** Freezes plain data: a function that changed the initial state would change it for all streams. */
function frozen<Value>(value: Value): Value {
	if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
	const prototype: unknown = Object.getPrototypeOf(value);
	if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
	Object.freeze(value);
	for (const member of Object.values(value)) frozen(member);
	return value;
}
