import { type Context, isServiceError } from "@allium/core";
import { after, Backoff } from "@allium/core/transport";
import { type DatabaseFile, defaultBusyLimitMs, type OpenTransaction } from "./database-file.ts";
import { isBusy, stillBusy } from "./failure.ts";
import { nextTurn } from "./next-turn.ts";

/** How many writes share a transaction at most, so that it does not block the event loop for long. */
const mostWrites = 256;

/** A transaction, and the parts that its writes share. */
export interface Turn<Tables> {
	readonly tables: Tables;
	/** Writes the rows that the writes of the transaction share. Runs before the commit. */
	finish?(): void;
}

/** A write that waits for its transaction. */
interface Waiting {
	readonly ctx: Context;
	readonly fail: (error: unknown) => void;
}

/** A write that shares its transaction with others. */
interface Write<Now> extends Waiting {
	/** Carries the write out. Returns a function that gives the caller the result after the commit. */
	readonly run: (now: Now) => () => void;
}

/** A transaction of its own. */
interface Work<Tables> extends Waiting {
	/** Carries it out and ends the transaction. Tells its caller, and never rejects. */
	readonly work: (transaction: OpenTransaction<Tables>) => Promise<void>;
}

/**
 * Group commit: all writes of one turn of the event loop, from all callers, are one transaction, so that they share the
 * wait for the disk. They run in the order in which they were asked for. While another process holds the file, they
 * wait until the deadlines of their contexts, and no longer than the bound of the queue.
 */
export class WriteQueue<Tables, Now extends Turn<Tables> = Turn<Tables>> {
	readonly #file: DatabaseFile<Tables>;
	readonly #begin: (tables: Tables) => Now;
	readonly #busyLimitMs: number;
	#waiting: (Write<Now> | Work<Tables>)[] = [];
	#work: Promise<void> | undefined;

	/** @param begin makes the object that the writes of one transaction use. */
	constructor(
		file: DatabaseFile<Tables>,
		begin: (tables: Tables) => Now,
		busyLimitMs: number = defaultBusyLimitMs,
	) {
		this.#file = file;
		this.#begin = begin;
		this.#busyLimitMs = busyLimitMs;
	}

	/**
	 * Resolves after the commit. If `run` refuses with a `ServiceError`, it must not have changed anything, because the
	 * transaction goes on with the other writes.
	 */
	write<T>(run: (now: Now) => T, ctx: Context): Promise<T> {
		return new Promise((resolve, reject) => {
			this.#push({
				ctx,
				run: (now) => {
					const result = run(now);
					return () => resolve(result);
				},
				fail: reject,
			});
		});
	}

	/**
	 * Runs work in its own transaction, after all earlier requests. A rejection of `work` rolls the transaction back; its
	 * result is returned after the commit.
	 */
	work<T>(work: (now: Now, transaction: OpenTransaction<Tables>) => Promise<T>, ctx: Context): Promise<T> {
		return new Promise((resolve, reject) => {
			this.#push({
				ctx,
				work: async (transaction) => {
					try {
						const now = this.#begin(transaction.tables);
						const result = await work(now, transaction);
						now.finish?.();
						transaction.commit();
						resolve(result);
					} catch (error) {
						transaction.rollback();
						reject(transaction.failure(error));
					}
				},
				fail: reject,
			});
		});
	}

	#push(waiting: Write<Now> | Work<Tables>): void {
		this.#waiting.push(waiting);
		this.#work ??= this.#workOff();
	}

	/** Resolves when nothing is being written. After the file was closed, waiting writes are refused. */
	async idle(): Promise<void> {
		await this.#work;
	}

	async #workOff(): Promise<void> {
		const pauses = new Backoff({ firstMs: 2, longestMs: 50 });
		let busySince: number | undefined;
		await nextTurn();
		while (this.#dropEnded()) {
			const [first] = this.#waiting;
			const busy = first !== undefined && "work" in first ? await this.#tryWork(first) : this.#tryOnce();
			if (busy === undefined) {
				busySince = undefined;
				pauses.reset();
				await nextTurn();
				continue;
			}
			busySince ??= performance.now();
			if (performance.now() - busySince >= this.#busyLimitMs) {
				this.#fail(this.#waiting, stillBusy(this.#file.path, this.#busyLimitMs, busy));
			} else await new Promise<void>((resolve) => after(1 + pauses.next(), resolve));
		}
		this.#work = undefined;
	}

	/** Runs one transaction. Returns the error when another process holds the file. */
	#tryOnce(): unknown {
		let taken: readonly Waiting[] = this.#waiting;
		let tell: (() => void)[];
		try {
			tell = this.#file.tryWrite((tables) => {
				const writes = this.#firstWrites();
				taken = writes;
				return this.#runAll(writes, this.#begin(tables));
			});
		} catch (error) {
			if (isBusy(error)) return error;
			this.#fail(taken, error);
			return undefined;
		}
		this.#waiting = this.#waiting.slice(taken.length);
		for (const each of tell) each();
		return undefined;
	}

	/** Runs the transaction that is first. Returns the error when another process holds the file. */
	async #tryWork(first: Work<Tables>): Promise<unknown> {
		let transaction: OpenTransaction<Tables>;
		try {
			transaction = this.#file.tryBegin();
		} catch (error) {
			if (isBusy(error)) return error;
			this.#fail([first], error);
			return undefined;
		}
		this.#waiting = this.#waiting.slice(1);
		await first.work(transaction);
		return undefined;
	}

	/** The writes that share the next transaction. */
	#firstWrites(): Write<Now>[] {
		const writes: Write<Now>[] = [];
		for (const waiting of this.#waiting) {
			if ("work" in waiting || writes.length === mostWrites) break;
			writes.push(waiting);
		}
		return writes;
	}

	#runAll(writes: readonly Write<Now>[], now: Now): (() => void)[] {
		const tell = writes.map(({ run, fail }) => {
			try {
				return run(now);
			} catch (error) {
				if (!isServiceError(error)) throw error;
				return () => fail(error);
			}
		});
		now.finish?.();
		return tell;
	}

	#fail(writes: readonly Waiting[], error: unknown): void {
		this.#waiting = this.#waiting.slice(writes.length);
		for (const { fail } of writes) fail(error);
	}

	/** Ends the writes whose contexts have ended. Returns whether others wait. */
	#dropEnded(): boolean {
		const ended = this.#waiting.filter(({ ctx }) => ctx.error !== undefined);
		if (ended.length > 0) this.#waiting = this.#waiting.filter((write) => !ended.includes(write));
		for (const { ctx, fail } of ended) fail(ctx.error);
		return this.#waiting.length > 0;
	}
}
