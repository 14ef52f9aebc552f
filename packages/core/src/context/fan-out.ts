import type { Context } from "./context.ts";

/** One of several tasks. Its context ends when its result no longer matters. */
export type Task<T = unknown> = (ctx: Context) => T | Promise<T>;

/** The results of tasks, each in its place. */
export type TaskResults<Tasks extends readonly Task[]> = {
	-readonly [K in keyof Tasks]: Awaited<ReturnType<Tasks[K]>>;
};

/**
 * Runs several tasks at once and waits for all of them. The first error rejects the result and cancels the rest, and
 * so does the end of the caller's context. With `first: n` it waits for n results, in the order in which they arrive,
 * and cancels the rest. It then fails, with the first error, only when fewer than n tasks can still succeed.
 *
 * After Go's `errgroup`, and Nathaniel J. Smith, "Notes on structured concurrency" (2018).
 *
 * @example
 * const [balance, { feed }] = await fanOut(ctx, [
 *   (ctx) => balances.get({ account }, ctx),
 *   (ctx) => feeds.list({ account }, ctx),
 * ]);
 *
 * @throws RangeError when `first` is more than the number of tasks, or below 1.
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
 * Runs several tasks at once, takes the first result, and cancels the others. It fails, with the first error, only
 * when all tasks fail.
 *
 * @throws RangeError when there are no tasks.
 */
export async function race<T>(ctx: Context, tasks: readonly Task<T>[]): Promise<T> {
	const answers = await fanOut(ctx, tasks, { first: 1 });
	return answers[0] as T;
}

/** Collects results until there are enough, or too few tasks are left. */
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
		// Later results must not change it.
		if (this.#count === this.#needed) return;
		this.#answers[this.#inPlace ? place : this.#count] = answer;
		if (++this.#count === this.#needed) this.#result.resolve(this.#answers);
	}

	fail(error: unknown): void {
		this.#error ??= { first: error };
		if (--this.#spare < 0) this.#result.reject(this.#error.first);
	}
}
