import type { Context } from "./context.ts";

/** One of several things to do at once, with a context of its own: it ends when the result no longer matters. */
export type Task<T = unknown> = (ctx: Context) => T | Promise<T>;

/** What tasks answer, each in its place. */
export type TaskResults<Tasks extends readonly Task[]> = {
	-readonly [K in keyof Tasks]: Awaited<ReturnType<Tasks[K]>>;
};

/**
 * Does several things at once and waits for all of them. The first error is the result, and cancels the rest;
 * so does the end of the caller's context. With `first: n` it waits for n answers, in the order in which they
 * come, cancels the rest, and fails only when n can no more be had, with the first error.
 *
 * After Go's `errgroup`, and Nathaniel J. Smith, "Notes on structured concurrency" (2018).
 *
 * @example
 * const [balance, { feed }] = await fanOut(ctx, [
 *   (ctx) => balances.get({ account }, ctx),
 *   (ctx) => feeds.list({ account }, ctx),
 * ]);
 *
 * @throws RangeError when `first` is more than there are tasks, or below 1.
 */
export function fanOut<const Tasks extends readonly Task[]>(
	ctx: Context,
	tasks: Tasks,
): Promise<TaskResults<Tasks>>;
export function fanOut<T>(
	ctx: Context,
	tasks: readonly Task<T>[],
	options: { readonly first: number },
): Promise<T[]>;
export async function fanOut(
	caller: Context,
	tasks: readonly Task[],
	options?: { readonly first: number },
): Promise<unknown> {
	const needed = options?.first ?? tasks.length;
	if (options !== undefined && !(needed >= 1 && needed <= tasks.length)) {
		throw new RangeError(`fanOut cannot wait for the first ${needed} of ${tasks.length} tasks`);
	}
	if (caller.error !== undefined) throw caller.error;
	const { ctx, cancel } = caller.withCancel();
	const inPlace = options === undefined;
	const result = Promise.withResolvers<unknown>();
	const unlisten = caller["~cancellation"].listen((error) => result.reject(error));
	const answers = new Answers(tasks.length, needed, inPlace, result);
	if (needed === 0) result.resolve([]);
	tasks.forEach((task, place) => {
		Promise.try(task, ctx).then(
			(answer) => answers.add(answer, place),
			(error) => answers.fail(error),
		);
	});
	try {
		return await result.promise;
	} finally {
		unlisten();
		cancel();
	}
}

/**
 * Does several things at once and takes the first answer; the others are cancelled. Fails only when all do,
 * with the first error.
 *
 * @throws RangeError when there are no tasks.
 */
export async function race<T>(ctx: Context, tasks: readonly Task<T>[]): Promise<T> {
	const answers = await fanOut(ctx, tasks, { first: 1 });
	return answers[0] as T;
}

/** Collects answers until there are enough, or cannot be. */
class Answers {
	readonly #needed: number;
	readonly #inPlace: boolean;
	readonly #result: PromiseWithResolvers<unknown>;
	readonly #answers: unknown[];
	#count = 0;
	#spare: number;
	#error: { readonly first: unknown } | undefined;

	constructor(tasks: number, needed: number, inPlace: boolean, result: PromiseWithResolvers<unknown>) {
		this.#needed = needed;
		this.#spare = tasks - needed;
		this.#inPlace = inPlace;
		this.#result = result;
		this.#answers = inPlace ? new Array(tasks) : [];
	}

	add(answer: unknown, place: number): void {
		// What comes after the result must not change it.
		if (this.#count === this.#needed) return;
		this.#answers[this.#inPlace ? place : this.#count] = answer;
		if (++this.#count === this.#needed) this.#result.resolve(this.#answers);
	}

	fail(error: unknown): void {
		this.#error ??= { first: error };
		if (--this.#spare < 0) this.#result.reject(this.#error.first);
	}
}
