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
 * What the code of a workflow does its work with. Each result is kept in the journal of the run; after a crash, a
 * deploy or a wait the code runs again from its beginning, and gets the results that are there.
 *
 * So what the code does between these functions must not depend on time, chance, or input and output; they are the
 * place for that. The names of steps are unique in a run: in a loop, put the number into the name.
 *
 * @typeParam Receives the events that the run can receive.
 * @typeParam Given what the start event is made of.
 */
export interface Run<Receives extends AnyEvent = AnyEvent, Given = unknown> {
	/** Of this run alone: the same each time that the code runs. After a restart, it is another. */
	readonly id: string;
	/** What its events have as their key; the id of the start event where that has none. */
	readonly key: string;
	/**
	 * Does something, and keeps what it came to. What is done with the context has ids that follow from the run and the
	 * step. When the process ends in the middle, it is done again.
	 *
	 * A `ServiceError` that cannot get better is a result, too: it is thrown here, each time. Trouble is tried again; any
	 * other error is tried eight times, and then parks the run.
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
	/** Waits, for years if need be. A run that waits takes no memory. */
	sleep(name: string, milliseconds: number): Promise<void>;
	/**
	 * Waits for an event whose key is that of the run. Events that came before are kept, in order, and each is received
	 * once. The workflow names the events in its option `receives`.
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
	/** When the last result was recorded that the code has got: a clock that tells the same each time. */
	now(): Date;
	/**
	 * Begins the run anew with other data and an empty journal. For runs without an end: a journal has 10,000 entries at
	 * most. Never resolves.
	 *
	 * @example
	 * return run.restart({ ...data, month: data.month + 1 });
	 */
	restart(data: Given): Promise<never>;
}
