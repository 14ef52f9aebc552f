import { AsyncLocalStorage } from "node:async_hooks";
import type { Logger, Method, Middleware } from "@allium/core";
import { checkedChain, trusted } from "@allium/core/transport";

/**
 * Finds handlers that call a client without passing their context on, which loses deadline, cancellation and
 * trace. It costs an asynchronous context for each call, so it is for development.
 */
export class MissingContextWatch {
	readonly #handling = new AsyncLocalStorage<Method>();
	readonly #warned = new Set<string>();
	readonly #logger: Logger;

	constructor(logger: Logger) {
		this.#logger = logger;
	}

	/** Wraps the middleware of a server in one that notes which handler is running. */
	around(middleware: readonly Middleware[]): Middleware {
		const inner = checkedChain("the server's middleware", middleware);
		return trusted((next, method) => {
			const endpoint = inner(next, method);
			return (input, ctx) => this.#handling.run(method, () => endpoint(input, ctx));
		});
	}

	/** Called when a client is called without a context. Warns once for each handler, if one is running. */
	readonly report = (called: Method): void => {
		const handler = this.#handling.getStore();
		if (handler === undefined || this.#warned.has(handler.path)) return;
		this.#warned.add(handler.path);
		this.#logger.log(
			"warn",
			"a handler calls a client without its context; pass ctx as the second argument",
			{
				handler: handler.path,
				called: called.path,
			},
		);
	};
}
