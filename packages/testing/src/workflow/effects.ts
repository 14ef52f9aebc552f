import { type Context, causeOf, effectName } from "@allium/core";
import { Accounts, type Job } from "./jobs.ts";

/** The effects of runs on other services, which know the ids of calls and do each thing once. */
export class Effects {
	/** The effects, in order, such as `withdraw j1`. */
	readonly done: string[] = [];
	readonly #ids = new Set<string>();
	/** Called before and after each effect. It throws if the process ends there. */
	moment: () => void = () => {};

	/** A deposit to an account that is closed is refused. */
	readonly deposit = async (job: Job, ctx: Context): Promise<{ readonly of: string }> => {
		if (job.to === "closed") throw Accounts.deposit.error.closed();
		return this.#once("deposit", job, ctx);
	};

	readonly withdraw = async (job: Job, ctx: Context): Promise<{ readonly of: string }> =>
		this.#once("withdraw", job, ctx);

	/** The effects for a job, sorted. */
	of(id: string): readonly string[] {
		return this.done.filter((what) => what.endsWith(` ${id}`)).sort();
	}

	#once(what: string, { id }: Job, ctx: Context): { readonly of: string } {
		this.moment();
		const call = causeOf(ctx)?.begin("call", undefined, ctx.get(effectName)).id ?? "";
		if (!this.#ids.has(call)) this.done.push(`${what} ${id}`);
		this.#ids.add(call);
		this.moment();
		return { of: id };
	}
}
