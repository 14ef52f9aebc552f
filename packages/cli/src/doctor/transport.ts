import { type EndpointTable, silentLogger } from "@allium/core";
import { type Config, maskUrl, NamedTransport } from "@allium/node";
import type { Surroundings } from "../command/command.ts";
import { unreachable } from "./backend-findings.ts";
import { type Examined, ok, skipped } from "./finding.ts";

/** Nothing is served: listening shows that the server answers, and that it lets this user in. */
const nothing: EndpointTable = {
	guard: undefined,
	logger: silentLogger,
	contracts: [],
	find: () => undefined,
};

/** Examines whether what carries calls beside TCP, such as NATS, answers. */
export async function examineTransport(config: Config, { adapters }: Surroundings): Promise<Examined> {
	const { transport: choice } = config;
	if (choice === undefined) {
		return { findings: [skipped("calls need nobody in between: ALLIUM_TRANSPORT is not set")] };
	}
	const start = performance.now();
	const named = new NamedTransport({ adapters, config, logger: silentLogger, scope: {} });
	try {
		await named.start();
		for (const transport of named.transports) {
			const listener = await transport.listen(nothing);
			await listener.close();
		}
		const tookMs = Math.round(performance.now() - start);
		return { findings: [ok(`${maskUrl(choice.url)} (${choice.source}) lets in calls, within ${tookMs} ms`)] };
	} catch (error) {
		return { findings: [unreachable(error, "ALLIUM_TRANSPORT")] };
	} finally {
		await named.stop();
	}
}
