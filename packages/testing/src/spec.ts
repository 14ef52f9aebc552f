import { isDeepStrictEqual } from "node:util";
import {
	type AnyContract,
	type DeclaredError,
	type ErrorData,
	type ErrorSpec,
	type EventOf,
	type EventValue,
	isError,
	isServiceError,
	type ServiceError,
} from "@allium/core";
import { type Decider, type DecisionTools, decided, evolved, type InputOf } from "@allium/events";

/** An event of the contract. */
type EventGiven<C extends AnyContract> = EventOf<C> & EventValue;

/** A decider to be specified: the events so far, a command, and its result. */
export interface Specification<C extends AnyContract, S, M extends string> extends Given<C, M> {
	/** The events that happened, in order. Default: none. */
	given(...events: readonly EventGiven<C>[]): Given<C, M>;
	/** Carries the type of the state. It does not exist at run time. */
	readonly "~state"?: S;
}

/** The events that happened. */
export interface Given<C extends AnyContract, M extends string> {
	/**
	 * A command.
	 *
	 * @param tools in place of the clock and of chance. Default: the beginning of 1970, and ids that count.
	 */
	when<K extends M & keyof C>(method: K, input: InputOf<C[K]>, tools?: Partial<DecisionTools>): When<C, C[K]>;
}

/** The errors that a method declares. */
type ErrorOf<M> = M extends { readonly error: infer Errors } ? Errors[keyof Errors] : never;

/** A command after what happened. */
export interface When<C extends AnyContract, M> {
	/**
	 * Expects these events; none if nothing changes.
	 *
	 * @throws Error that shows both sides.
	 */
	then(...events: readonly EventGiven<C>[]): void;
	/**
	 * Expects this declared error, with these data if they are given.
	 *
	 * @throws Error that shows both sides.
	 */
	thenError<E extends ErrorSpec>(error: DeclaredError<E> & ErrorOf<M>, data?: ErrorData<E>): void;
}

/**
 * Specifies a decider: given what happened, when a command comes, then events follow, or an error. Events are compared by
 * their types and their data, as the schemas yield them.
 *
 * @example
 * const a = { account: "a" };
 * spec(ledger)
 *   .given(Account.opened({ ...a, owner: "ann" }), Account.deposited({ ...a, amount: 50 }))
 *   .when("withdraw", { ...a, amount: 30 })
 *   .then(Account.withdrawn({ ...a, amount: 30 }));
 * spec(ledger).when("withdraw", { ...a, amount: 1 }).thenError(Account.withdraw.error.insufficient_funds, { balance: 0 });
 */
export function spec<C extends AnyContract, S, M extends string>(
	decider: Decider<C, S, M>,
): Specification<C, S, M> {
	const given = (...events: readonly EventValue[]): Given<C, M> => ({
		when: (method, input, tools) => new Case(decider, events, { method, input, tools }),
	});
	return { given, when: given().when };
}

/** A command to be specified. */
interface Command {
	readonly method: string;
	readonly input: unknown;
	readonly tools: Partial<DecisionTools> | undefined;
}

/** One case of a specification. */
class Case<C extends AnyContract, S, M extends string, Method> implements When<C, Method> {
	readonly #decider: Decider<C, S, M>;
	readonly #given: readonly EventValue[];
	readonly #command: Command;

	constructor(decider: Decider<C, S, M>, given: readonly EventValue[], command: Command) {
		this.#decider = decider;
		this.#given = given;
		this.#command = command;
	}

	// biome-ignore lint/suspicious/noThenProperty: given, when, then; it is never awaited
	then(...events: readonly EventValue[]): void {
		this.#compare(events.map(plain));
	}

	thenError<E extends ErrorSpec>(error: DeclaredError<E>, data?: ErrorData<E>): void {
		const { events, refusal } = this.#decide();
		const isSame =
			refusal !== undefined &&
			isError(refusal, error) &&
			(data === undefined || isDeepStrictEqual(refusal.data, data));
		if (isSame) return;
		const { reason, code } = error;
		const expected = { error: reason, code, ...(data !== undefined && { data }) };
		throw this.#failure(expected, refusal === undefined ? (events ?? []).map(plain) : shown(refusal));
	}

	#compare(expected: readonly PlainEvent[]): void {
		const { events, refusal } = this.#decide();
		const actual = refusal === undefined ? events.map(plain) : shown(refusal);
		if (!isDeepStrictEqual(actual, expected)) throw this.#failure(expected, actual);
	}

	#decide() {
		const { method, input, tools } = this.#command;
		const declared = this.#decider.contract["~allium"].methods.find(({ name }) => name === method);
		if (declared === undefined)
			throw new TypeError(`spec() was given ${method}, which is no method of the contract`);
		let state: unknown = this.#decider.initial;
		for (const event of this.#given) state = evolved(this.#decider, state, event.name, plain(event).data);
		const { events, refusal } = decided(this.#decider, declared, input, state, {
			...countingTools(),
			...tools,
		});
		if (refusal !== undefined) return { refusal };
		// An event that cannot be folded cannot be appended.
		for (const event of events) state = evolved(this.#decider, state, event.name, plain(event).data);
		return { events };
	}

	#failure(expected: unknown, actual: unknown): Error {
		const { method, input } = this.#command;
		const lines = [
			`${this.#decider.name}: ${method} came to something else`,
			`  given    ${sideText(this.#given.map(plain))}`,
			`  when     ${method} ${JSON.stringify(input)}`,
			`  then     ${sideText(expected)}`,
			`  but got  ${sideText(actual)}`,
		];
		// Test runners show the difference between these two.
		return Object.assign(new Error(lines.join("\n")), { expected, actual, showDiff: true });
	}
}

/** An event in the form in which it is compared and shown. */
interface PlainEvent {
	readonly type: string;
	readonly data: unknown;
}

/** @throws TypeError for data that the schema of the event refuses. */
function plain({ type, data, of }: EventValue): PlainEvent {
	const result = of.input["~standard"].validate(data);
	if (result instanceof Promise)
		throw new TypeError(`the schema of ${type} is asynchronous, which spec() cannot wait for`);
	if (result.issues === undefined) return { type, data: result.value };
	const [issue] = result.issues;
	throw new TypeError(`the data of ${type} are not valid: ${issue?.path?.join(".") ?? ""} ${issue?.message}`);
}

function shown({ reason, code, data }: ServiceError): object {
	return { error: reason, code, ...(data !== undefined && { data }) };
}

function sideText(side: unknown): string {
	if (!Array.isArray(side)) return isServiceError(side) ? side.message : JSON.stringify(side);
	const events = side.map(({ type, data }: PlainEvent) => `${type} ${JSON.stringify(data)}`);
	return events.length === 0 ? "nothing" : events.join("\n           ");
}

/** Time stands still, and ids count: the same in each run. */
function countingTools(): DecisionTools {
	let count = 0;
	return {
		now: new Date(0),
		newId: () => `00000000-0000-7000-8000-${String(++count).padStart(12, "0")}`,
	};
}
