import { type Context, ServiceError } from "@allium/core";
import type { Simulator } from "./simulator.ts";

/** The processor of a node. It does some pieces of work at once, and the others wait in line. */
export class Processor {
	readonly #simulator: Simulator;
	readonly #cores: number;
	readonly #waiting = new Set<() => void>();
	#busy = 0;

	constructor(simulator: Simulator, cores: number) {
		this.#simulator = simulator;
		this.#cores = cores;
	}

	/** Resolves when the work is done. Work that has begun is finished, even if its caller has given up. */
	async work(milliseconds: number, ctx: Context | undefined): Promise<void> {
		if (this.#busy >= this.#cores) await this.#turn(ctx);
		else this.#busy++;
		await this.#simulator.wait(milliseconds);
		const next = this.#waiting.values().next();
		if (next.done === true) this.#busy--;
		else next.value();
	}

	/** Resolves once the work has taken a core. */
	#turn(ctx: Context | undefined): Promise<void> {
		return new Promise((resolve, reject) => {
			const begin = (): void => {
				this.#waiting.delete(begin);
				ctx?.signal.removeEventListener("abort", giveUp);
				resolve();
			};
			const giveUp = (): void => {
				this.#waiting.delete(begin);
				reject(ctx?.error ?? new ServiceError({ code: "canceled" }));
			};
			this.#waiting.add(begin);
			if (ctx?.error !== undefined) giveUp();
			else ctx?.signal.addEventListener("abort", giveUp, { once: true });
		});
	}
}
