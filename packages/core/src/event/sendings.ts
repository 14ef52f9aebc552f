import type { Context } from "../context/context.ts";
import { Deadlines } from "../transport/deadlines.ts";
import { LinkedList } from "../transport/linked-list.ts";
import { WatchedEnd } from "./watched-end.ts";

/** Waits for what is being sent, no longer than its contexts last. One timer serves for the deadlines of all. */
export class Sendings {
	readonly #all = new LinkedList<WatchedEnd>();
	readonly #deadlines = new Deadlines(() => this.#all.all());

	/** @param send gets a context that ends with the given one, and whose listeners need no timer for its deadline. */
	run<T>(ctx: Context, send: (ctx: Context) => Promise<T>): Promise<T> {
		const sending = new WatchedEnd(ctx["~cancellation"], Number.POSITIVE_INFINITY);
		const place = this.#all.add(sending);
		this.#deadlines.watch(sending.deadline);
		return new Promise((resolve, reject) => {
			let unlisten: (() => void) | undefined;
			const leave = (): void => {
				unlisten?.();
				place.leave();
				// A timer would keep the process alive.
				if (this.#all.first === undefined) this.#deadlines.stop();
			};
			const fail = (error: unknown): void => {
				leave();
				reject(error);
			};
			unlisten = sending.listen(fail);
			const succeed = (value: T): void => {
				leave();
				resolve(value);
			};
			try {
				send(ctx["~derive"](sending, ctx["~scope"])).then(succeed, fail);
			} catch (error) {
				fail(error);
			}
		});
	}
}
