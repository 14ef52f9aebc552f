import type {
	AnyContract,
	Context,
	EventData,
	EventName,
	EventOf,
	Handler,
	Method,
	MethodName,
	StreamOf,
} from "@allium/core";

/** The input of a method, as its schema yields it. */
export type InputOf<M> = Handler<M> extends (input: infer Input, ctx: Context) => unknown ? Input : never;

/** The methods of a contract that may have effects and answer once. */
type WriteName<C extends AnyContract> = {
	[K in MethodName<C>]: C[K] extends { readonly effect: "read" }
		? never
		: C[K] extends Method<infer _Input, infer Output>
			? Output extends StreamOf
				? never
				: K
			: never;
}[MethodName<C>] &
	string;

/** The names of the properties that are strings in all data of a type. */
type StringName<D> = { [P in keyof D & string]-?: D[P] extends string ? P : never }[keyof D & string];

/** The names that the id of streams may have: strings of the input of a method that writes. */
type IdName<C extends AnyContract> = { [K in WriteName<C>]: StringName<InputOf<C[K]>> }[WriteName<C>];

/** `Id` where a method has such a string in its input; else the sentence that the compiler shows. */
export type IfId<C extends AnyContract, Id> =
	Id extends IdName<C> ? Id : `no method that writes has the string ${Id & string} in its input`;

/** The methods that a decider may decide: methods that write and have the id of the stream in their input. */
export type CommandName<C extends AnyContract, Id extends string> = {
	[K in WriteName<C>]: Id extends StringName<InputOf<C[K]>> ? K : never;
}[WriteName<C>];

/** The tools of a decision, which it uses in place of the clock and of random numbers. */
export interface DecisionTools {
	/** When the command is decided. */
	readonly now: Date;
	/** Makes a new id, a UUID. An attempt that repeats a call with an id gets the same ones. */
	newId(): string;
}

/**
 * Decides one command: returns the events that happen, or throws a declared error if nothing can happen. It is a pure
 * function, which may be called several times for one call. `[]` stands for a command that changes nothing.
 */
export type Decision<C extends AnyContract, M, S> = (
	input: InputOf<M>,
	state: S,
	tools: DecisionTools,
) => EventOf<C> | readonly EventOf<C>[];

/** The functions that decide methods of a contract, by name. */
export type Decisions<C extends AnyContract, Id extends string, S> = {
	readonly [K in keyof C as Extract<K, CommandName<C, Id>>]?: Decision<C, C[K], S>;
};

/** For each event of a contract the function that makes the next state of the state before. */
export type Evolution<C extends AnyContract, S> = {
	readonly [K in keyof C as Extract<K, EventName<C>>]: (state: S, data: EventData<C[K]>) => S;
};

/**
 * Used together with `Decisions` in the type of a parameter. It refuses a function that decides anything but a command
 * or has other types, by a message that names it. It is `unknown` if the decisions fit.
 *
 * @typeParam D the type of the decisions that are given.
 */
export type FitsDecisions<C extends AnyContract, Id extends string, S, D> = [C] extends [never]
	? D // This never applies. The compiler infers D from it.
	: unknown extends D
		? unknown
		: [DecisionsFault<C, Id, S, D>] extends [never]
			? unknown
			: Misfit<DecisionsFault<C, Id, S, D>>;

type DecisionsFault<C extends AnyContract, Id extends string, S, D> = {
	[K in keyof D & string]-?: K extends keyof Decisions<C, Id, S>
		? D[K] extends Decisions<C, Id, S>[K]
			? never
			: `${K} has other types`
		: NameFault<C, Id, K>;
}[keyof D & string];

/** Why a name is not that of a command. */
type NameFault<C extends AnyContract, Id extends string, K extends string> =
	K extends EventName<C>
		? `${K} is an event, and not a method`
		: K extends WriteName<C>
			? `${K} has no string ${Id} in its input`
			: K extends MethodName<C>
				? `${K} only reads, or streams`
				: `${K} is no method of the contract`;

/** No object of decisions has this type. The compiler shows its name and what is wrong. */
interface Misfit<Fault> {
	readonly "~misfit": Fault;
}
