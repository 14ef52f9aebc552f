import { isObject } from "../json/is-object.ts";
/** A security scheme as in OpenAPI 3.1: one way for callers to prove who they are. */
export type SecurityScheme = { readonly description?: string } & (
	| {
			readonly type: "http";
			/** `bearer`, `basic` or another that is registered with IANA. */
			readonly scheme: string;
			/** The format of the token, for people: `JWT`. */
			readonly bearerFormat?: string;
	  }
	| {
			readonly type: "apiKey";
			readonly in: "header" | "cookie";
			readonly name: string;
	  }
	| { readonly type: "mutualTLS" }
	| { readonly type: "openIdConnect"; readonly openIdConnectUrl: string }
	| { readonly type: "oauth2"; readonly flows: Readonly<Record<string, OAuthFlow>> }
);

/** A flow of OAuth 2: under the name `clientCredentials`, `authorizationCode` and so on. */
export interface OAuthFlow {
	readonly authorizationUrl?: string;
	readonly tokenUrl?: string;
	readonly refreshUrl?: string;
	/** Scopes with their descriptions. */
	readonly scopes: Readonly<Record<string, string>>;
}

/** The credentials that callers present, as plain JSON. */
export interface Security {
	/** The schemes by name. A caller presents one of them. */
	readonly schemes: Readonly<Record<string, SecurityScheme>>;
	/** The services and methods (`service/method`) that need no credentials. */
	readonly open?: readonly string[];
}

const schemeName = /^[A-Za-z0-9._-]+$/;
const openName = /^[\w.-]+(?:\/[\w-]+)?$/;
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * Checks a declaration of security.
 *
 * @throws TypeError that names the fault.
 */
export function checkSecurity({ schemes, open = [] }: Security): void {
	for (const [name, scheme] of Object.entries(schemes)) {
		if (!schemeName.test(name)) {
			throw new TypeError(
				`the security scheme ${JSON.stringify(name)} needs a name of letters, digits, ".", "-" and "_"`,
			);
		}
		const problem = problemOf(scheme);
		if (problem !== undefined) throw new TypeError(`the security scheme "${name}" ${problem}`);
	}
	const malformed = open.find((name) => !openName.test(name));
	if (malformed === undefined) return;
	throw new TypeError(`open takes services, or service/method, and got ${JSON.stringify(malformed)}`);
}

/** The part for one service; undefined when its callers need no credentials. */
export function securityOf(security: Security | undefined, service: string): Security | undefined {
	if (security === undefined || Object.keys(security.schemes).length === 0) return undefined;
	const { schemes, open = [] } = security;
	if (open.includes(service)) return undefined;
	const ours = open.filter((name) => name.startsWith(`${service}/`));
	return { schemes, ...(ours.length > 0 && { open: ours }) };
}

/** Whether a value that came over the wire is a list of security schemes. */
export function isSecurity(value: unknown): value is Security {
	if (!isObject(value) || !isObject(value.schemes)) return false;
	const { schemes, open = [] } = value;
	if (!Array.isArray(open) || !open.every((name) => typeof name === "string" && openName.test(name)))
		return false;
	return Object.entries(schemes).every(([name, scheme]) => {
		return schemeName.test(name) && isObject(scheme) && problemOf(scheme) === undefined;
	});
}

/** The fault of a security scheme. The text follows the name of the scheme. */
function problemOf(scheme: Readonly<Record<string, unknown>>): string | undefined {
	switch (scheme.type) {
		case "http":
			return typeof scheme.scheme === "string" && headerName.test(scheme.scheme)
				? undefined
				: 'lacks its scheme, such as "bearer"';
		case "apiKey":
			if (scheme.in !== "header" && scheme.in !== "cookie") return "stands in a header or in a cookie";
			return typeof scheme.name === "string" && headerName.test(scheme.name)
				? undefined
				: "lacks the name of its header or cookie";
		case "mutualTLS":
			return undefined;
		case "openIdConnect":
			return typeof scheme.openIdConnectUrl === "string" ? undefined : "lacks its openIdConnectUrl";
		case "oauth2":
			return isObject(scheme.flows) && Object.values(scheme.flows).every(isObject)
				? undefined
				: "lacks its flows";
		default:
			return "has a type other than http, apiKey, mutualTLS, openIdConnect and oauth2";
	}
}
