import type { Context } from "@allium/core";
import { after, type Timer } from "@allium/core/transport";
import type { Session } from "./session.ts";

/** How long a session is kept that nobody needs, in milliseconds. */
const idleMs = 5_000;

/** Options of {@link Sessions}. */
export interface SessionsOptions {
	/** The most at once. */
	readonly most: number;
	connect(): Session;
}

/** Sessions for transactions, made when they are needed. */
export class Sessions {
	readonly #options: SessionsOptions;
	readonly #open = new Set<Session>();
	/** With the timer that ends it. */
	readonly #idle = new Map<Session, Timer>();
	readonly #waiting = new Set<() => void>();

	constructor(options: SessionsOptions) {
		this.#options = options;
	}

	/** A session that nobody else has. Waits for one. Rejects when the context ends before. */
	async take(ctx: Context): Promise<Session> {
		for (;;) {
			if (ctx.error !== undefined) throw ctx.error;
			const [session] = this.#idle.keys();
			if (session !== undefined) {
				this.#idle.get(session)?.stop();
				this.#idle.delete(session);
				if (!session.isOver) return session;
				this.#open.delete(session);
			} else if (this.#open.size < this.#options.most) {
				const made = this.#options.connect();
				this.#open.add(made);
				return made;
			} else await this.#left(ctx);
		}
	}

	/** Gives a session back. A session that is over makes room for another. */
	give(session: Session): void {
		if (session.isOver) this.#open.delete(session);
		else
			this.#idle.set(
				session,
				after(idleMs, () => this.#end(session)),
			);
		const [next] = this.#waiting;
		next?.();
	}

	/** Ends all sessions, including sessions in use. */
	end(): void {
		for (const session of [...this.#open]) this.#end(session);
		for (const next of [...this.#waiting]) next();
	}

	#end(session: Session): void {
		this.#idle.get(session)?.stop();
		this.#idle.delete(session);
		this.#open.delete(session);
		session.end();
	}

	/** Resolves once a session may be free. */
	#left(ctx: Context): Promise<void> {
		return new Promise((resolve, reject) => {
			const end = (): void => {
				this.#waiting.delete(next);
				unlisten?.();
			};
			const next = (): void => {
				end();
				resolve();
			};
			this.#waiting.add(next);
			const unlisten = ctx["~cancellation"].listen((error) => {
				end();
				reject(error);
			});
		});
	}
}
