import { isServiceError, type ServiceError } from "@allium/core";
import { backendError, refusal, tlsFault, unavailable } from "@allium/core/adapter";

/** The errors that another try right away may mend: a serialization failure, a deadlock. */
const conflicts = ["40001", "40P01"];

/** Whether a statement lost against another one, so that it is run again. */
export function isConflict(error: unknown): boolean {
	return conflicts.includes(sqlState(error) ?? "") || isOutdated(error);
}

/**
 * Whether a statement was prepared for a table that has been created again since. The library has forgotten the
 * statement.
 */
function isOutdated(error: unknown): boolean {
	const said = isServiceError(error) ? error.cause : error;
	return said instanceof Error && "routine" in said && said.routine === "RevalidateCachedQuery";
}

/** The SQLSTATE of a statement's error, also if {@link failure} has translated the error. */
export function sqlState(error: unknown): string | undefined {
	const said = isServiceError(error) ? error.cause : error;
	return said instanceof Error && said.name === "PostgresError" ? codeOf(said) : undefined;
}

/** Whether the server takes no writes, as a replica does. Then another server of the URL is tried. */
export function isReadOnly(error: unknown): boolean {
	return sqlState(error) === "25006";
}

/** The failure of a statement or of a connection, as one sentence that says what to do. */
export function failure(error: unknown, place: string): ServiceError {
	if (isServiceError(error)) return error;
	const code = codeOf(error);
	const said = textOf(error);
	const refused = code === "28000" ? strangerRefused(said) : refusals[code];
	if (refused !== undefined) return refusal(`PostgreSQL at ${place} ${refused} (${said})`, error);
	if (code === "42501") {
		const message = `PostgreSQL at ${place} does not let this user do what Allium needs (${said}); grant it, as the guide to PostgreSQL shows`;
		return backendError({ code: "permission_denied", message, cause: error });
	}
	const hint = troubles[code];
	if (hint !== undefined) return unavailable(`PostgreSQL at ${place} ${hint} (${said})`, error);
	const fault = tlsFault(error, "write postgres://");
	if (fault !== undefined) return refusal(`PostgreSQL at ${place} cannot be used over TLS: ${fault}`, error);
	// The classes of errors that the statement itself caused: its data, a constraint, its syntax or names, a bound.
	if (/^(22|23|42|54)[0-9A-Z]{3}$/.test(code)) {
		const message = `PostgreSQL at ${place} refused a statement (${code}: ${said})`;
		return backendError({ code: "internal", message, cause: error });
	}
	if (sqlState(error) !== undefined && !code.startsWith("08") && !code.startsWith("57P")) {
		return unavailable(`PostgreSQL at ${place} did not do what was asked (${code}: ${said})`, error);
	}
	return unavailable(`PostgreSQL at ${place} does not answer (${said})`, error);
}

/** The refusals that last until somebody changes something, by SQLSTATE. */
const refusals: Readonly<Record<string, string>> = {
	"28P01": "refuses the password; give that of a user that it knows",
	"3D000": "has no such database; make it, or name another one in the URL",
	"42P01": "has lost a table of Allium; stop everything that uses the schema, drop it, and start again",
	"3F000": "has lost the schema of Allium; start again, so that it is made",
	SASL_SIGNATURE_MISMATCH: "does not prove that it knows the password; is it the right server?",
};

/** Says why the server refuses a login. The server tells it by words alone, without a code of its own. */
function strangerRefused(said: string): string {
	if (/no encryption|SSL off/.test(said)) return "lets this user in over TLS alone; write postgres+tls://";
	if (said.includes("valid client certificate"))
		return "asks for a certificate of this process; give one that it trusts by cert and key";
	return "refuses the user; name one that pg_hba.conf lets in from this host";
}

/** The troubles that may end by themselves, and their remedies, by SQLSTATE. */
const troubles: Readonly<Record<string, string>> = {
	"53100": "has a full disk; make room",
	"53200": "is out of memory",
	"53300": "has no connection left; raise its max_connections, or lower `connections` in the URL",
	"57014": "took too long for a statement",
	"25006": "takes no writes; name the primary in the URL, or several hosts, of which the primary is found",
};

function codeOf(error: unknown): string {
	return error instanceof Error && "code" in error ? String(error.code) : "";
}

function textOf(error: unknown): string {
	return error instanceof Error && error.message !== "" ? error.message : codeOf(error) || "no reason given";
}
