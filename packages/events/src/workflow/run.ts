import type { AnyEvent, Context, EventData, EventValue } from "@allium/core";
import type { Json } from "@allium/core/transport";

/** `T` where JSON can carry it; else the sentence that the compiler shows. A journal keeps results as JSON. */
// biome-ignore lint/suspicious/noConfusingVoidType: steps may come to nothing
export type Recorded<T> = [T] extends [Json<Exclude<T, undefined | void>> | undefined | void]
	? T
	: "the journal keeps results as JSON, which cannot carry this one";

/** How a step is run. */
export interface StepOptions {
	/** How long one attempt may take, in milliseconds: the deadline of its context. Default: 60 s. */
	readonly timeoutMs?: number;
}

/** How a call or a publication is recorded. */
export interface NamedStepOptions extends StepOptions {
	/** The name of the step. Default: the path of the method, or the type of the event. A run has each name once. */
	readonly as?: string;
}

/** How an event is received. */
export interface ReceiveOptions {
	/** The name of the step. Default: the type of the event. A run has each name once. */
	readonly as?: string;
}

/**
 * The functions by which the code of a workflow does its work. Each result is kept in the journal of the run. After a
 * crash, a deploy or a wait the code runs again from its beginning, and gets the results that are there.
 *
 * Between these functions, the code must therefore not depend on time, random numbers, or input and output. It has to
 * do all of that inside them. The names of steps are unique in a run: in a loop, put the number into the name.
 *
 * @typeParam Receives the events that the run can receive.
 * @typeParam Given the data from which the start event is made.
 */
export interface Run<Receives extends AnyEvent = AnyEvent, Given = unknown> {
	/** The id of this run, the same each time that the code runs. A restart gives the run a new id. */
	readonly id: string;
	/** The key of its events, or the id of the start event if that has no key. */
	readonly key: string;
	/**
	 * Runs a function, and keeps its result. Operations with the context have ids that are derived from the run and the
	 * step. If the process ends in the middle, the function runs again.
	 *
	 * A `ServiceError` that another attempt cannot mend is a result, too: it is thrown here, each time. Trouble is tried
	 * again until it is over. Any other error is tried eight times, and then parks the run.
	 *
	 * @example
	 * const pdf = await run.step("print", (ctx) => printer.print(order, ctx));
	 */
	step<T>(name: string, work: (ctx: Context) => T | Promise<T>, options?: StepOptions): Promise<Recorded<T>>;
	/**
	 * Calls a method of a client. The call has an id that follows from the run and the step, so that its callee can
	 * recognise a second attempt.
	 *
	 * Declared errors are results, and are thrown here. Trouble (`unavailable`, `resource_exhausted`, `aborted`, timeouts)
	 * is tried again until it is over. Any other error parks the run.
	 *
	 * @example
	 * await run.call(accounts.withdraw, { account: from, amount });
	 */
	call<I, O>(
		method: (input: I, ctx: Context) => Promise<O>,
		input: NoInfer<I>,
		options?: NamedStepOptions,
	): Promise<O>;
	/** Publishes an event, once. */
	publish(event: EventValue, options?: NamedStepOptions): Promise<void>;
	/** Waits, even for years. A run that waits takes no memory. */
	sleep(name: string, milliseconds: number): Promise<void>;
	/**
	 * Waits for an event with the key of the run. Events that came before are kept, in order, and each is received once.
	 * The workflow names the events in its option `receives`.
	 *
	 * @returns its data; undefined when none came in time.
	 * @example
	 * const paid = await run.receive(Payments.paid, { withinMs: 86_400_000 });
	 */
	receive<E extends Receives>(
		event: E,
		options: ReceiveOptions & { readonly withinMs: number },
	): Promise<EventData<E> | undefined>;
	receive<E extends Receives>(event: E, options?: ReceiveOptions): Promise<EventData<E>>;
	/**
	 * The time at which the last result that the code has received was recorded: a clock that shows the same time in each
	 * run of the code.
	 */
	now(): Date;
	/**
	 * Restarts the run with other data and an empty journal. It is for runs without an end, because a journal has 10,000
	 * entries at most. Never resolves.
	 *
	 * @example
	 * return run.restart({ ...data, month: data.month + 1 });
	 */
	restart(data: Given): Promise<never>;
}
