import { AsyncLocalStorage } from "node:async_hooks";
import type { AnyEvent, Logger, Method, Middleware } from "@allium/core";
import { checkedChain, trusted } from "@allium/core/transport";

/**
 * Finds handlers that call a client, or publish events, without passing their context on, which loses deadline,
 * cancellation, trace and cause. It costs an asynchronous context for each call, so it is for development.
 */
export class MissingContextWatch {
	readonly #handling = new AsyncLocalStorage<Method>();
	readonly #warned = new Set<string>();
	readonly #logger: Logger;

	constructor(logger: Logger) {
		this.#logger = logger;
	}

	/**
	 * Wraps middleware in a layer that notes which handler is running.
	 *
	 * @param what names the middleware in messages.
	 */
	around(what: string, middleware: readonly Middleware[]): readonly Middleware[] {
		const inner = checkedChain(what, middleware);
		const noting = trusted((next, method) => {
			const endpoint = inner(next, method);
			return (input, ctx) => this.#handling.run(method, () => endpoint(input, ctx));
		});
		return [noting];
	}

	/** Called when a client is called without a context. Warns once for each handler, if one is running. */
	readonly report = (called: Method): void => {
		const message = "a handler calls a client without its context; pass ctx as the second argument";
		this.#warn(message, (handler) => ({ handler, called: called.path }));
	};

	/** Called when events are published without a context. Warns once for each handler, if one is running. */
	readonly reportEvent = ({ type }: AnyEvent): void => {
		const message = "a handler publishes events without its context; pass ctx as the second argument";
		this.#warn(message, (handler) => ({ handler, event: type }));
	};

	#warn(message: string, facts: (handler: string) => Readonly<Record<string, string>>): void {
		const path = this.#handling.getStore()?.path;
		if (path === undefined || this.#warned.has(path)) return;
		this.#warned.add(path);
		this.#logger.log("warn", message, facts(path));
	}
}
