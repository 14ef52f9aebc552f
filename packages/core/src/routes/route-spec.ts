import type { ErrorTemplate, Verb } from "../contract/route.ts";

/** What may be said of a route beside verb and path. `Reason` is what its error templates are for. */
export interface RouteOptions<Reason extends string = string> {
	/** The status of a reply, 200 to 399. Default: 200. */
	readonly status?: number;
	/** The header `location` of a reply: `/matches/{id}`, where `{id}` is that property of the output. */
	readonly location?: string;
	/** Other headers of a reply, filled in the same way. */
	readonly headers?: Readonly<Record<string, string>>;
	/** Error templates of this route alone, before those of all. */
	readonly errors?: { readonly [R in Reason]: ErrorTemplate };
}

/**
 * A route as it is written: verb, path and the rest. `Parameter` is what the path names, `Reason` what the error
 * templates are for, `V` the verb.
 */
export interface RouteSpec<
	Parameter extends string = string,
	Reason extends string = string,
	V extends Verb = Verb,
> {
	readonly verb: V;
	readonly path: string;
	readonly parameters: readonly Parameter[];
	readonly reasons: readonly Reason[];
	readonly options: RouteOptions;
}
