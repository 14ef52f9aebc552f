import { pickedCandidate } from "../balancer/picked-instance.ts";
import type { Method } from "../contract/method.ts";
import { checkedChain } from "../endpoint/checked-chain.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { Mistake } from "../errors/mistake.ts";
import type { Logger } from "../logger/logger.ts";
import { Choice } from "./candidates.ts";
import { Member } from "./member.ts";
import { scoped } from "./scoped.ts";
import type { Target } from "./target.ts";
import { attemptWhenReady, waitForReady } from "./wait-for-ready.ts";

/** The settings that all attempts of a client's calls share. */
export interface AttemptsOptions {
	readonly target: Target;
	/** Middleware around each attempt, outermost first. */
	readonly middleware: readonly Middleware[];
	/** Whether calls wait for a reachable instance when their contexts do not say. */
	readonly waitForReady: boolean;
	readonly logger: Logger;
}

/** The attempts of a method's calls: resolve → balance → attempt middleware → transport. */
export function attempts(method: Method, options: AttemptsOptions): Endpoint {
	const { target, middleware, waitForReady: byDefault, logger } = options;
	const layers = middleware.length === 0 ? undefined : layered(method, middleware, logger);
	const choice = new Choice(method);
	const attempt: Endpoint = (input, ctx) => {
		ctx["~received"]?.["~clear"]();
		const scope = ctx["~scope"];
		const tried = scope?.tried ?? none;
		const wait = target.obstacle(choice, ctx, tried);
		if (wait !== undefined) return wait.then(() => attempt(input, ctx));
		try {
			const member = target.pick(choice, ctx, tried);
			scope?.addTried(member.id);
			if (layers === undefined) return member.attempt(method, input, ctx);
			return layers(input, ctx.withValue(pickedCandidate, member));
		} catch (error) {
			return Promise.reject(error);
		}
	};
	const whenReady = attemptWhenReady(attempt, target, choice);
	return (input, ctx) => {
		const waits = ctx.get(waitForReady) ?? byDefault;
		return waits ? whenReady(input, ctx) : attempt(input, ctx);
	};
}

const none: readonly string[] = [];

/** The attempt middleware around the member that was picked. To `onSettled`, each attempt is a call of its own. */
function layered(method: Method, middleware: readonly Middleware[], logger: Logger): Endpoint {
	const innermost: Endpoint = (input, ctx) => {
		const member = ctx.get(pickedCandidate);
		if (!(member instanceof Member)) throw new Mistake("attempt middleware must pass its context on");
		return member.attempt(method, input, ctx);
	};
	const chained = checkedChain("the client's attempt middleware", middleware)(innermost, method);
	return scoped(chained, method, undefined, undefined, logger);
}
