import type { ErrorTemplate, Verb } from "../contract/route.ts";

/** The options of a route other than verb and path. `Reason` names the reasons that its error templates are for. */
export interface RouteOptions<Reason extends string = string> {
	/** The status of a reply, 200 to 399. Default: 200. */
	readonly status?: number;
	/** The header `location` of a reply: `/matches/{id}`, where `{id}` is a property of the output. */
	readonly location?: string;
	/** Other headers of a reply, filled in the same way. */
	readonly headers?: Readonly<Record<string, string>>;
	/** Error templates of this route alone. They take precedence over the templates for all routes. */
	readonly errors?: { readonly [R in Reason]: ErrorTemplate };
}

/**
 * A route as it is written: verb, path and options. `Parameter` is the names in the path, `Reason` the reasons that
 * the error templates are for, `V` the verb.
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
