/** The verbs of HTTP that routes have. HEAD is answered by the route of GET. */
export type Verb = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * The reply to an error. Each part is optional: `{ status: 409 }` changes only the status.
 *
 * `{message}`, `{reason}`, `{code}`, `{data}` and members of the data such as `{data.max}` in the body are replaced by
 * the values of the error, escaped as the content type requires. In JSON they stand inside strings, or in place of a
 * value.
 */
export interface ErrorTemplate {
	/** Default: the status that corresponds to the error's code. */
	readonly status?: number;
	/** The content type, such as `text/plain; charset=utf-8`. Default: `application/json`. */
	readonly type?: string;
	/** Default: JSON with code, message, reason and data. */
	readonly body?: string;
}

/**
 * Error templates by reason: the reasons that methods declare, and the reasons of the runtime, such as `unparsable`
 * (the body is not JSON) and `invalid_input` (the schema refused it). `*` is for all other reasons.
 */
export type ErrorTemplates = Readonly<Record<string, ErrorTemplate>>;

/** One REST route of a method, as plain JSON. */
export interface Route {
	/** The name of the method in its contract. */
	readonly method: string;
	readonly verb: Verb;
	/** `/matches/{id}`: `{id}` is one segment; a last `{rest+}` is one or more. */
	readonly path: string;
	/** The status of a reply. */
	readonly status: number;
	/** Headers of a reply, by name in lower case; `{id}` is that property of the output. */
	readonly headers: Readonly<Record<string, string>>;
	readonly errors: ErrorTemplates;
}

/** The REST routes of a contract, as plain JSON: made by `routes()`, given to `serve`, published by describe. */
export interface Routes {
	/** The name of the contract. */
	readonly service: string;
	readonly routes: readonly Route[];
}
