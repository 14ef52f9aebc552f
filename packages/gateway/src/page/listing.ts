import type { ContractDescription, Effect, JsonSchema, Kind, MethodDescription } from "@allium/core";
import { exampleValue } from "@allium/core/reflection";
import type { RouteConflict } from "../table/gateway-routes.ts";
import type { GatewayTable } from "../table/gateway-table.ts";
import type { KnownService } from "../table/known-service.ts";

/** A service in the list of the gateway. */
export interface ServiceListing {
	readonly name: string;
	readonly version: string;
	readonly summary?: string;
	/** How many instances are up. */
	readonly instances: number;
	readonly methods: readonly MethodListing[];
	readonly routes: readonly { readonly verb: string; readonly path: string; readonly method: string }[];
}

/** A method in the list of the gateway. */
export interface MethodListing {
	readonly name: string;
	readonly summary?: string;
	readonly kind: Kind;
	readonly effect: Effect;
	readonly path: string;
	/** JSON Schemas. For a stream, that of one message. */
	readonly input: JsonSchema;
	readonly output: JsonSchema;
	/** A command that calls it. */
	readonly example: string;
}

/** Everything that a gateway serves. */
export interface Listing {
	readonly services: readonly ServiceListing[];
	readonly proxies: readonly { readonly path: string; readonly url: string }[];
	readonly conflicts: readonly RouteConflict[];
	/** Services that are up and cannot be called, because they do not describe themselves. */
	readonly problems: readonly { readonly service: string; readonly why: string }[];
}

/**
 * Lists the services of a gateway.
 *
 * @param origin the address at which clients call the gateway: `http://127.0.0.1:8080`.
 */
export function listing(table: GatewayTable, proxies: Listing["proxies"], origin: string): Listing {
	const { services } = table;
	return {
		services: services.flatMap((service) => listService(service, table, origin)),
		proxies,
		conflicts: table.conflicts,
		problems: services.flatMap(({ upstream, description }) => {
			const isSilent = description === undefined && upstream.instances.length > 0;
			return isSilent ? [{ service: upstream.service, why: upstream.problem.message }] : [];
		}),
	};
}

function listService(
	{ upstream, description }: KnownService,
	table: GatewayTable,
	origin: string,
): ServiceListing[] {
	if (description === undefined) return [];
	const { name, version, summary, methods } = description;
	return [
		{
			name,
			version,
			...(summary !== undefined && { summary }),
			instances: upstream.instances.length,
			methods: Object.entries(methods).map(([method, described]) =>
				listMethod(description, method, described, origin),
			),
			routes: table.routes.of(name).map(({ verb, path, method }) => ({ verb, path, method })),
		},
	];
}

function listMethod(
	{ name: service }: ContractDescription,
	name: string,
	{ kind, effect, wireName, summary, input, output }: MethodDescription,
	origin: string,
): MethodListing {
	const path = `/${service}/${wireName ?? name}`;
	const message = JSON.stringify(exampleValue(input));
	const example = exampleOf(kind, effect, `${origin}${path}`, `${service} ${name}`, message);
	return { name, ...(summary !== undefined && { summary }), kind, effect, path, input, output, example };
}

/** A command that calls a method. It uses curl if that is easy. */
function exampleOf(kind: Kind, effect: Effect, url: string, words: string, message: string): string {
	if (kind === "unary") return `curl ${url} --json ${quoted(message)}`;
	if (kind === "server_stream" && effect === "read") {
		const input = quoted(`input=${message}`);
		return `curl -NG ${url} --data-urlencode ${input} -H 'accept: text/event-stream'`;
	}
	if (kind === "server_stream") return `npx allium call ${words} ${quoted(message)}`;
	return `echo ${quoted(message)} | npx allium call ${words} -`;
}

/** A text as one word of a shell. */
function quoted(text: string): string {
	return `'${text.replaceAll("'", `'\\''`)}'`;
}
