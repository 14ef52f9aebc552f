import { ServiceError } from "@allium/core";
import { tlsOptions } from "./tls.ts";

/** The form of an adapter's URLs. */
export interface ServerUrlForm {
	/** The scheme, such as `consul`. `consul+tls` is the same over TLS. */
	readonly scheme: string;
	/** Another scheme for the same over TLS, such as `rediss`. Default: none. */
	readonly secureScheme?: string;
	readonly defaultPort: number;
	/** Whether a URL may name several servers, separated by commas. */
	readonly severalServers: boolean;
	/** The meaning of a URL's path, such as `database`. Default: a URL has no path. */
	readonly path?: string;
	/** The options that may follow the question mark, besides those of TLS. */
	readonly options: readonly string[];
}

/** The address of a server. */
export interface ServerAddress {
	/** Without the brackets of IPv6. */
	readonly host: string;
	readonly port: number;
}

/** The parts of the URL of a backend. */
export interface ServerUrl {
	/** The servers as HTTP origins, such as `https://10.0.0.1:8501`. */
	readonly origins: readonly string[];
	/** The addresses of the servers. */
	readonly servers: readonly ServerAddress[];
	/** Whether the URL asks for TLS. */
	readonly isSecure: boolean;
	/** The part after the slash that follows the servers. Empty if there is none. */
	readonly path: string;
	/** Empty if there is none. */
	readonly user: string;
	/** Empty if there is none. */
	readonly password: string;
	readonly options: ReadonlyMap<string, string>;
	/** The URL without its password, for people. */
	readonly location: string;
}

/**
 * Reads a URL of the form `scheme[+tls]://[user:password@]host[:port][,host[:port]…][/path][?option=value&…]`.
 *
 * @throws ServiceError `invalid_argument` that says what is wrong. The message does not contain the password.
 */
export function serverUrl(url: string, form: ServerUrlForm): ServerUrl {
	const match = /^([a-z+]+):\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url);
	const [, scheme, login = "", hosts = "", path = "", query = ""] = match ?? [];
	const isSecure = scheme === `${form.scheme}+tls` || (scheme !== undefined && scheme === form.secureScheme);
	if (match === null || hosts === "" || !(isSecure || scheme === form.scheme)) throw malformed(form);
	if (path !== "" && form.path === undefined) throw malformed(form);
	const [user = "", ...rest] = login.split(":");
	const password = rest.join(":");
	const servers = hosts.split(",");
	if (servers.length > 1 && !form.severalServers) {
		throw invalid(`a ${form.scheme}: URL names one server, and this one names ${servers.length}`);
	}
	const addresses = servers.map((server) => addressOf(server, form));
	const protocol = isSecure ? "https" : "http";
	return {
		origins: addresses.map((address) => `${protocol}://${placeOf(address)}`),
		servers: addresses,
		isSecure,
		path: decoded(path, form),
		user: decoded(user, form),
		password: decoded(password, form),
		options: optionsOf(query, form),
		location: url.replace(`${login}@`, maskedLogin(user, password)),
	};
}

/** An address for people, and for URLs: `10.0.0.1:2379`. */
export function placeOf({ host, port }: ServerAddress): string {
	return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function addressOf(server: string, form: ServerUrlForm): ServerAddress {
	const [, name = "", port] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d+))?$/.exec(server) ?? [];
	const number = Number(port ?? form.defaultPort);
	if (name === "" || number > 65_535 || !URL.canParse(`http://${server}`)) throw malformed(form);
	const { hostname } = new URL(`http://${server}`);
	return { host: hostname.replace(/^\[|\]$/g, ""), port: number };
}

function optionsOf(query: string, form: ServerUrlForm): ReadonlyMap<string, string> {
	const known = [...form.options, ...tlsOptions];
	const options = new Map<string, string>();
	for (const [option, value] of new URLSearchParams(query)) {
		if (!known.includes(option)) {
			throw invalid(`a ${form.scheme}: URL has no option "${option}"; it has ${known.join(", ")}`);
		}
		if (options.has(option)) throw invalid(`the option "${option}" of the URL is given twice`);
		options.set(option, value);
	}
	return options;
}

function maskedLogin(user: string, password: string): string {
	if (password === "") return user === "" ? "" : `${user}@`;
	return `${user}:***@`;
}

function decoded(text: string, form: ServerUrlForm): string {
	try {
		return decodeURIComponent(text);
	} catch {
		throw malformed(form);
	}
}

function malformed({ scheme, defaultPort, severalServers, path }: ServerUrlForm): ServiceError {
	const several = severalServers ? ` or ${scheme}://10.0.0.1:${defaultPort},10.0.0.2:${defaultPort}` : "";
	const below = path === undefined ? "" : `, with /${path} after it where there is one`;
	return invalid(
		`it is not a URL of this adapter: write ${scheme}://10.0.0.1:${defaultPort}${several}${below}, and percent-encode @, :, / and ? in a password`,
	);
}

function invalid(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
