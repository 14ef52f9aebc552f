import { ServiceError } from "@allium/core";
import { tlsOptions } from "./tls.ts";

/** What the URLs of an adapter look like. */
export interface ServerUrlForm {
	/** The scheme, such as `consul`. `consul+tls` is the same over TLS. */
	readonly scheme: string;
	readonly defaultPort: number;
	/** Whether a URL may name several servers, separated by commas. */
	readonly severalServers: boolean;
	/** The options that may follow the question mark, beside those of TLS. */
	readonly options: readonly string[];
}

/** The parts of the URL of a backend. */
export interface ServerUrl {
	/** Where the servers are: `https://10.0.0.1:8501`. */
	readonly origins: readonly string[];
	/** Empty where there is none. */
	readonly user: string;
	/** Empty where there is none. */
	readonly password: string;
	readonly options: ReadonlyMap<string, string>;
	/** The URL without its password, for people. */
	readonly location: string;
}

/**
 * Reads a URL of the form `scheme[+tls]://[user:password@]host[:port][,host[:port]…][?option=value&…]`.
 *
 * @throws ServiceError `invalid_argument` that says what is wrong. The message does not contain the password.
 */
export function serverUrl(url: string, form: ServerUrlForm): ServerUrl {
	const match = /^([a-z+]+):\/\/(?:([^/?#]*)@)?([^/?#@]*)\/?(?:\?([^#]*))?$/.exec(url);
	const [, scheme, login = "", hosts = "", query = ""] = match ?? [];
	const isSecure = scheme === `${form.scheme}+tls`;
	if (match === null || hosts === "" || !(isSecure || scheme === form.scheme)) throw malformed(form);
	const [user = "", ...rest] = login.split(":");
	const password = rest.join(":");
	const servers = hosts.split(",");
	if (servers.length > 1 && !form.severalServers) {
		throw invalid(`a ${form.scheme}: URL names one server, and this one names ${servers.length}`);
	}
	return {
		origins: servers.map((server) => originOf(server, isSecure, form)),
		user: decoded(user, form),
		password: decoded(password, form),
		options: optionsOf(query, form),
		location: url.replace(`${login}@`, maskedLogin(user, password)),
	};
}

function originOf(server: string, isSecure: boolean, form: ServerUrlForm): string {
	const text = `${isSecure ? "https" : "http"}://${server}`;
	if (!/^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(:\d+)?$/.test(server) || !URL.canParse(text)) throw malformed(form);
	const { protocol, hostname } = new URL(text);
	const [, port = form.defaultPort] = /:(\d+)$/.exec(server) ?? [];
	return `${protocol}//${hostname}:${port}`;
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

function malformed({ scheme, defaultPort, severalServers }: ServerUrlForm): ServiceError {
	const several = severalServers ? ` or ${scheme}://10.0.0.1:${defaultPort},10.0.0.2:${defaultPort}` : "";
	return invalid(
		`it is not a URL of this adapter: write ${scheme}://10.0.0.1:${defaultPort}${several}, and percent-encode @, :, / and ? in a password`,
	);
}

function invalid(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
