import { Context } from "../context/context.ts";
import type { GuardRequest } from "../endpoint/guard.ts";
import { errorForCaller } from "./boundary.ts";
import type { EndpointTable } from "./endpoint-table.ts";
import { guardMistake } from "./guard-mistake.ts";

/**
 * Asks a guard about a request that is not a call of a method. Without a guard, every request is let in.
 *
 * @throws ServiceError that the caller may see, when the request is refused.
 */
export async function askGuard(
	server: Pick<EndpointTable, "guard" | "logger" | "tellsMistakes">,
	request: GuardRequest,
): Promise<void> {
	const { guard } = server;
	if (guard === undefined) return;
	const { peer, path, metadata } = request;
	const ctx = Context.background()["~with"]({ metadata, peer });
	try {
		const mistake = guardMistake(await guard(request, ctx));
		if (mistake !== undefined) throw mistake;
	} catch (error) {
		throw errorForCaller({ service: "", path, errors: {} }, error, ctx, server, () => "the guard");
	}
}
